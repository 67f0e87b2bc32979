// The command line: which command, with which options, and how the process ends.
#pragma once

#include <CLI/CLI.hpp>
#include <span>

#include "http/options.h"

namespace kiosk {

// One row of the program's table of contents.
struct Command {
  const char* name;
  const char* description;  // for --help
  void (*add_options)(CLI::App& command, Options& options);
  void (*run)(const Options& options);  // may throw whatever says in one line what is wrong
};

// Runs the command that `argv` names, by default the first of `commands`, whose options are the
// program's. Returns the exit code; what is wrong is one line on stderr.
[[nodiscard]] int RunCommandLine(std::span<const Command> commands, const Machine& machine,
                                 int argc, char** argv);

}  // namespace kiosk
