// The options of `serve`, some of which other commands have too.
#pragma once

#include <CLI/CLI.hpp>

#include "http/options.h"

namespace kiosk {

// All options of serve.
void AddServeOptions(CLI::App& app, Options& options);

// Refuses options of serve of which one would be ignored. Throws CLI::ParseError.
void RefuseContradictions(const CLI::App& app);

CLI::Option* AddPortOption(CLI::App& app, Options& options);
void AddDatabaseOption(CLI::App& app, Options& options);
CLI::Option* AddSeedOption(CLI::App& app, Options& options);

// What the command line leaves to the machine: the port and the control key. Throws
// CLI::ParseError. `instead`: what the command takes in place of the environment's port.
void TakePortFromEnvironment(Options& options, const std::string& instead);
void TakeHealthPort(Options& options);
void TakeControlFrom(Options& options);

}  // namespace kiosk
