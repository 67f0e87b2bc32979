// What each command does with its options. All throw what says in one line what is wrong.
#pragma once

#include "http/options.h"

namespace kiosk::commands {

// Serves until one of the stop signals.
void Serve(const Options& options);

// Puts the database back to the seed given, to what this executable carries, or to its own seed.
void Reset(const Options& options);

void Backup(const Options& options);
void Restore(const Options& options);

// Writes a seed to the file named, or to stdout.
void Export(const Options& options);

void Generate(const Options& options);
void Pack(const Options& options);
void Health(const Options& options);

}  // namespace kiosk::commands
