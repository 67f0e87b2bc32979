#include "http/command_line.h"

#include <algorithm>
#include <string>
#include <vector>

#include "http/demo_options.h"
#include "http/json.h"
#include "http/output.h"
#include "http/serve_options.h"
#include "store/sqlite.h"

namespace kiosk {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

std::string VersionText(const Machine& machine) {
  return "kiosk " + machine.version + " (" + machine.commit + ")\nSQLite " + SqliteVersion() +
         ", cpp-httplib " + HttplibVersion() + ", RapidJSON " + RapidJsonVersion() + ", CLI11 " +
         CLI11_VERSION;
}

// Says what is wrong in one line, whatever the names in it hold.
int Fail(int exit_code, const std::string& what) {
  LogLine("kiosk: " + what);
  return exit_code;
}

// The help of a command whose options are the program's.
std::string HelpOf(const CLI::App& command, const CLI::App& program) {
  const CLI::Formatter formatter;
  return command.get_description() + "\nUsage: " + program.get_name() + " " + command.get_name() +
         " [OPTIONS]\n" + formatter.make_groups(&program, CLI::AppFormatMode::Normal);
}

// The words that may come first. The options of the default command are the program's.
void AddCommands(CLI::App& app, std::span<const Command> commands, Options& options) {
  app.require_subcommand(0, 1);
  for (const Command& command : commands) {
    CLI::App* added = app.add_subcommand(command.name, command.description);
    if (&command == &commands.front()) {
      added->fallthrough()->set_help_flag();
      added->formatter_fn([&app](const CLI::App* asked, const std::string& /*name*/,
                                 CLI::AppFormatMode /*mode*/) { return HelpOf(*asked, app); });
    } else {
      command.add_options(*added, options);
    }
  }
}

// The command that was named, or the default.
const Command& AskedCommand(const CLI::App& app, std::span<const Command> commands) {
  const auto asked = app.get_subcommands();
  if (asked.empty()) return commands.front();
  return *std::ranges::find(commands, asked.front()->get_name(), &Command::name);
}

// Refuses an option of serve that was given to another command, which does not have it or would
// not see it.
void RefuseOptionsOfServe(const CLI::App& serve, const std::vector<std::string>& arguments) {
  const auto asked = serve.get_subcommands();
  if (asked.empty() || asked.front()->get_name() == "serve") return;
  const CLI::App& command = *asked.front();
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    const CLI::Option* option = name.starts_with("--") ? serve.get_option_no_throw(name) : nullptr;
    if (!option || name == "--help" || name == "--version") continue;
    if (!command.get_option_no_throw(name)) {
      throw CLI::ValidationError(
          name,
          "an option of serve, which " + command.get_name() + " does not take" +
              (command.get_name() == "pack" ? "; a demo keeps " + DemoOptionNames(serve) : ""));
    }
    if (option->count() > 0 && IsDemoOption(name)) {
      throw CLI::ValidationError(name, "give it after " + command.get_name());
    }
  }
}

// Throws CLI::ParseError.
void Parse(CLI::App& app, Options& options, int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    RefuseOptionsOfServe(app, arguments);
    throw;
  }
  RefuseOptionsOfServe(app, arguments);
  const bool serves = app.get_subcommands().empty() || app.got_subcommand("serve");
  if (serves) RefuseContradictions(app);
  if (serves && app.count("--port") == 0) TakePortFromEnvironment(options, "--port");
  if (app.got_subcommand("health") && options.health_url.empty()) TakeHealthPort(options);
  TakeControlFrom(options);
}

int ParseAndRun(std::span<const Command> commands, const Machine& machine, int argc, char** argv) {
  Options options(machine);
  CLI::App app("A benefits shop and an order desk in one file: a real backend to build against.",
               "kiosk");
  app.set_version_flag("--version", VersionText(machine));
  const auto pack = Pack::OfThisExecutable();
  if (pack) TakeDemo(*pack, options);
  commands.front().add_options(app, options);
  if (pack) TakeDemoOptions(*pack, app, options);
  AddCommands(app, commands, options);
  try {
    Parse(app, options, argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    std::string what = error.what();
    std::ranges::replace(what, '\n', ' ');
    const Command& asked = AskedCommand(app, commands);
    const bool is_default = &asked == &commands.front();
    return Fail(kExitUsage, what + "; see kiosk " +
                                (is_default ? "" : asked.name + std::string(" ")) + "--help");
  }
  AskedCommand(app, commands).run(options);
  return 0;
}

}  // namespace

int RunCommandLine(std::span<const Command> commands, const Machine& machine, int argc,
                   char** argv) {
  try {
    return ParseAndRun(commands, machine, argc, argv);
  } catch (const std::exception& error) {
    return Fail(kExitFailure, error.what());
  }
}

}  // namespace kiosk
