// A call of the API, as a random sequence has it and as it was sent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kiosk::model {

// One that can be made in any sequence: what depends on earlier answers is named, not written out.
struct Call {
  // The tag in If-Match, or in If-None-Match of a GET: of the resource as it is just before, of the
  // order as it was first read, "*", or of nothing.
  enum class Tag { kNone, kFresh, kFirst, kAny, kOther };

  std::string method;
  std::string path = {};
  std::string query = {};
  std::string body = {};
  std::string key = {};  // empty: no Idempotency-Key
  Tag tag = Tag::kNone;
  bool is_json = true;    // what the Content-Type says of the body
  bool on_whole = false;  // the body's fields, put into the object as it is just before
};

// Calls made at the same time, each by a client of its own.
struct Round {
  int64_t now = 0;  // of the first; each next one is a millisecond later
  std::vector<Call> calls;
};

struct Sent {
  Call call;  // with the body as it was sent
  int64_t now = 0;
  std::string tag;     // the header's value
  std::string tagged;  // the body that the tag stands for, in canonical form
};

struct Answer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> headers;
};

// Sent instead of a call of the API: the users as the database has them.
inline constexpr char kAudit[] = "AUDIT";

}  // namespace kiosk::model
