// The options of the commands other than serve.
#pragma once

#include <CLI/CLI.hpp>

#include "http/options.h"

namespace kiosk {

void AddResetOptions(CLI::App& command, Options& options);
void AddBackupOptions(CLI::App& command, Options& options);
void AddRestoreOptions(CLI::App& command, Options& options);
void AddExportOptions(CLI::App& command, Options& options);
void AddHealthOptions(CLI::App& command, Options& options);
void AddGenerateOptions(CLI::App& command, Options& options);
void AddPackOptions(CLI::App& command, Options& options);

}  // namespace kiosk
