#include "http/access_log.h"

#include "http/json.h"
#include "http/output.h"

namespace kiosk {
namespace {

// A client's text. In JSON every byte of it may need two, and a line is at most PIPE_BUF (4096).
std::string Shown(std::string_view text, size_t at_most) {
  if (text.size() <= at_most) return Printable(text);
  return Printable(text.substr(0, at_most)) + "...";
}

std::string Method(const AccessEntry& entry) { return Shown(entry.method, 64); }

std::string Target(const AccessEntry& entry) { return Shown(entry.target, 1500); }

std::string Milliseconds(const AccessEntry& entry) {
  return std::to_string(entry.microseconds / 1000) + "." +
         std::to_string(entry.microseconds % 1000 / 100);
}

std::string FormatText(const AccessEntry& entry) {
  const auto column = [](const std::string& text) { return (text.empty() ? "-" : text) + " "; };
  return FormatTimestamp(entry.time) + " " + column(std::string(entry.remote)) +
         column(Method(entry)) + column(Target(entry)) + std::to_string(entry.status) + " " +
         std::to_string(entry.bytes) + " B " + Milliseconds(entry) + " ms";
}

std::string FormatJson(const AccessEntry& entry) {
  JsonWriter out;
  out.BeginObject().Key("time").String(FormatTimestamp(entry.time));
  out.Key("remote").String(entry.remote);
  out.Key("method").String(Method(entry)).Key("target").String(Target(entry));
  out.Key("status").Int(entry.status);
  out.Key("bytes").Int(static_cast<int64_t>(entry.bytes));
  out.Key("ms").Raw(Milliseconds(entry)).EndObject();
  return out.Take();
}

}  // namespace

std::string FormatAccess(LogFormat format, const AccessEntry& entry) {
  return format == LogFormat::kJson ? FormatJson(entry) : FormatText(entry);
}

}  // namespace kiosk
