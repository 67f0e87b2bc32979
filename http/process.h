// The process and its surroundings: standard descriptors and the signals that stop it.
#pragma once

#include <string>

namespace kiosk {

// Opens /dev/null for each of the descriptors 0 to 2 that is closed. Otherwise a database or a
// client's connection would get its number, and what is printed would go there. Before anything
// else opens a file.
void OpenStandardDescriptors();

// Calls `handler` for SIGINT, SIGTERM and SIGHUP. A SIGHUP that is ignored, as under nohup, stays
// ignored.
void HandleStopSignals(void (*handler)(int));

// Keeps those signals from every thread that starts from now on, for WaitForStopSignal.
void BlockStopSignals();

// Returns when one of the blocked signals arrives.
void WaitForStopSignal();

// Sends SIGTERM to this process when stdin ends. A terminal ends with Ctrl-D or when it goes away;
// what is typed there while kiosk runs in the background is left alone.
void StopWhenStdinEnds();

// Asks the desktop to show `url`; if it cannot, nothing happens.
void OpenInBrowser(const std::string& url);

}  // namespace kiosk
