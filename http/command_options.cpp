#include "http/command_options.h"

#include <cstdint>
#include <limits>

#include "http/demo_options.h"
#include "http/health.h"
#include "http/option_values.h"
#include "http/serve_options.h"

namespace kiosk {

void AddResetOptions(CLI::App& command, Options& options) {
  AddDatabaseOption(command, options);
  AddSeedOption(command, options);
}

void AddBackupOptions(CLI::App& command, Options& options) {
  AddDatabaseOption(command, options);
  command.add_option("FILE", options.target, "The copy")
      ->type_name("")
      ->check(Accepts(CheckFileName))
      ->required();
}

void AddRestoreOptions(CLI::App& command, Options& options) {
  AddDatabaseOption(command, options);
  command.add_option("FILE", options.target, "The backup")
      ->type_name("")
      ->check(Accepts(CheckFileName))
      ->required();
}

void AddExportOptions(CLI::App& command, Options& options) {
  AddDatabaseOption(command, options);
  command.add_option("FILE", options.target, "The new file (default: stdout)")
      ->type_name("")
      ->check(Accepts(CheckExportName));
}

void AddHealthOptions(CLI::App& command, Options& options) {
  command
      .add_option("URL", options.health_url,
                  "Default: http://localhost:$PORT, or the port of serve")
      ->type_name("")
      ->check(Accepts(CheckHealthUrl));
}

void AddGenerateOptions(CLI::App& command, Options& options) {
  AddDatabaseOption(command, options);
  AddSeedOption(command, options);
  LimitNumber(
      command.add_option("--users", options.generate.users, "Users of the shop, with their orders"),
      "N", int64_t{0}, int64_t{10'000'000});
  LimitNumber(command.add_option("--orders", options.generate.orders, "Orders of the desk"), "N",
              int64_t{0}, int64_t{5'000'000});  // until the year 7000 or so
  LimitNumber(command.add_option("--random-seed", options.generate.random_seed,
                                 "The same seed, the same data"),
              "N", uint64_t{0}, std::numeric_limits<uint64_t>::max());
  command.callback([&options] {
    if (options.generate.users + options.generate.orders == 0) {
      throw CLI::RequiredError("--users or --orders");
    }
  });
}

void AddPackOptions(CLI::App& command, Options& options) {
  AddDatabaseOption(command, options);
  CLI::Option* seed = AddSeedOption(command, options);
  command.add_option("-o,--output", options.target, "The new executable")
      ->type_name("FILE")
      ->check(Accepts(CheckDemoFile))
      ->required();
  command.add_option("--frontend", options.frontend_folder, "The frontend build it serves")
      ->type_name("DIR")
      ->check(Accepts(CheckNotEmpty));
  command.add_flag("--with-data", options.with_data, "It starts with the present database")
      ->excludes(seed);
  command.add_option("--name", options.pack_name, "Its name, and that of its database")
      ->type_name("NAME")
      ->check(Accepts(CheckDemoName));
  AddDemoOptions(command, *command.get_parent(), options);
}

}  // namespace kiosk
