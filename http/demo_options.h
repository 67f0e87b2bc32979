// The options of serve that a demo keeps: `pack` takes them, the demo serves with them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "http/options.h"

namespace kiosk {

// Makes what this executable carries the default: its database, its name.
void TakeDemo(const Pack& pack, Options& options);

// Makes the options that it carries the defaults of `serve`, which has checked them like those of a
// command line, and describes the demo in its help. Throws CommandError.
void TakeDemoOptions(const Pack& pack, CLI::App& serve, const Options& options);

// Adds the options that `pack` keeps to `packing`, described and checked as those of `serve`.
void AddDemoOptions(CLI::App& packing, CLI::App& serve, Options& options);

// Whether `name`, with its hyphens, is an option that a demo keeps.
[[nodiscard]] bool IsDemoOption(const std::string& name);

// "--port, --order-gap": all that `serve` has.
[[nodiscard]] std::string DemoOptionNames(const CLI::App& serve);

}  // namespace kiosk
