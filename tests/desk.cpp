#include "tests/desk.h"

namespace kiosk::test {

std::string Ids(const std::string& body) {
  static const std::string kBefore = R"({"id":")";
  std::string ids;
  for (size_t at = 0; (at = body.find(kBefore, at)) != std::string::npos;) {
    at += kBefore.size();
    const size_t end = body.find('"', at);
    // An order's services are objects with an id as well, and come in a list of their own.
    const std::string before = body.substr(0, at - kBefore.size());
    const size_t services = before.rfind(R"("services":[)");
    if (services != std::string::npos && before.find(']', services) == std::string::npos) continue;
    ids += (ids.empty() ? "" : " ") + body.substr(at, end - at);
  }
  return ids;
}

}  // namespace kiosk::test
