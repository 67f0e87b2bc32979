// What a command line asks for, and what the commands take from the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "http/server.h"
#include "store/generate.h"
#include "store/pack.h"

namespace kiosk {

// Something that prevents a command, in one line that says what is wrong and what to do.
class CommandError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The real clock, randomness and environment, which only main reads. Any thread.
struct Machine {
  std::function<Timestamp()> now;                                     // the system's clock
  std::function<std::chrono::steady_clock::time_point()> steady_now;  // nothing sets this one
  std::function<double()> random;                                     // from 0 to below 1
  std::function<std::string()> random_key;  // 128 bits in hexadecimal digits
  std::optional<std::string> port;          // the environment variable PORT
  std::string version;                      // of this kiosk
  std::string commit;
};

struct Options {
  explicit Options(const Machine& of) : machine(of), clock(of.now) { api.version = of.version; }

  const Machine& machine;
  ServerOptions server;
  ApiOptions api;
  std::string database = "kiosk.db";
  bool in_memory = false;
  std::string seed_file;
  std::string frontend_folder;
  std::string target;      // the file that backup, export or pack writes and restore reads
  std::string health_url;  // empty: localhost and the port of `server`
  std::string pack_name;
  std::map<std::string, std::string> packed_options;  // given to pack, for the demo to serve with
  bool with_data = false;
  GenerateOrder generate;
  const Pack* pack = nullptr;  // what this executable carries
  bool open_browser = false;
  bool until_stdin_ends = false;
  bool quiet = false;
  std::function<Timestamp()> clock;  // kiosk's
};

}  // namespace kiosk
