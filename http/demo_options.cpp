#include "http/demo_options.h"

#include <algorithm>
#include <iterator>

#include "store/file_name.h"

namespace kiosk {
namespace {

// The options of serve that a demo keeps, as far as this version has them.
constexpr const char* kDemoOptions[] = {"port", "order-gap", "order-items", "delay",
                                        "fail", "clock",     "record",      "strip"};

template <typename App>
auto FindDemoOption(App& app, const std::string& name) -> decltype(app.get_option_no_throw(name)) {
  const std::string option = "--" + name;
  return IsDemoOption(option) ? app.get_option_no_throw(option) : nullptr;
}

// Sets an option of serve as if its default were `value`. Throws CLI::ParseError if that is none.
void SetDefault(CLI::Option& option, const std::string& value) {
  option.run_callback_for_default()->default_val(value);
}

}  // namespace

void TakeDemo(const Pack& pack, Options& options) {
  options.pack = &pack;
  options.api.name = pack.name();
  options.database = FileNameOf(pack.name()) + ".db";
}

void TakeDemoOptions(const Pack& pack, CLI::App& serve, const Options& options) {
  std::string others;
  for (const auto& [name, value] : pack.options()) {
    CLI::Option* option = FindDemoOption(serve, name);
    if (!option) {
      throw CommandError("this demo carries an option that this kiosk does not know: " + name);
    }
    try {
      SetDefault(*option, value);
    } catch (const CLI::ParseError& error) {
      throw CommandError(std::string("this demo carries a bad option: ") + error.what());
    }
    if (name == "port") continue;
    others.append(others.empty() ? "--" : ", --").append(name).append(" ").append(value);
  }
  const int64_t files = pack.file_count();
  serve.description(pack.name() + ": a packed kiosk. It carries " +
                    (files > 0 ? "a frontend of " + std::to_string(files) + " files, " : "") +
                    "its own data and port " + std::to_string(options.server.port) + "." +
                    (others.empty() ? "" : " It serves with " + others + "."));
}

std::string DemoOptionNames(const CLI::App& serve) {
  std::string names;
  for (const char* name : kDemoOptions) {
    if (FindDemoOption(serve, name)) names.append(names.empty() ? "--" : ", --").append(name);
  }
  return names;
}

bool IsDemoOption(const std::string& name) {
  return name.starts_with("--") &&
         std::ranges::find(kDemoOptions, name.substr(2)) != std::end(kDemoOptions);
}

void AddDemoOptions(CLI::App& packing, CLI::App& serve, Options& options) {
  for (const std::string name : kDemoOptions) {
    CLI::Option* served = FindDemoOption(serve, name);
    if (!served) continue;
    const auto keep = [&options, name, served](const std::string& value) {
      SetDefault(*served, value);
      options.packed_options[name] = value;
    };
    packing
        .add_option_function<std::string>("--" + name, keep,
                                          "The demo's: " + served->get_description())
        ->type_name(served->get_type_name());
  }
}

}  // namespace kiosk
