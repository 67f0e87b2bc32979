// The sockets: listeners, connections, limits, hosts, origins, the access log. The HTTP library
// is known only in server.cpp.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "http/access_log.h"
#include "http/api.h"
#include "http/request_policy.h"

namespace kiosk {

// An address that cannot be listened on, in one line that says what and what to do.
class ServerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ServerOptions {
  std::string host;  // empty: the loopback, 127.0.0.1 and ::1
  int port = 4000;   // 0: any free one
  PolicyOptions policy;
  LogFormat log_format = LogFormat::kText;
};

// May be called on any thread.
struct Clocks {
  std::function<Timestamp()> now;     // kiosk's: what is created now, seeds
  std::function<Timestamp()> system;  // the machine's: logs, idempotency keys
};

class Server {
 public:
  // Binds immediately, so that two servers never share a port; answers from Start on. Throws
  // ServerError.
  Server(ServerOptions options, Clocks clocks);
  // Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The address as a client would write it, with the port that was bound: "http://localhost:4000".
  [[nodiscard]] std::string url() const;
  // The address for other devices; empty if it is bound to the loopback alone.
  [[nodiscard]] std::string lan_url() const;

  // Answers with `api`, which outlives the server, on threads of its own.
  void Start(Api& api);

  // Accepts nothing more, lets what runs finish, closes what idles. Returns within 2 seconds.
  void Stop();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// The version of the HTTP library, for --version.
[[nodiscard]] const char* HttplibVersion();

}  // namespace kiosk
