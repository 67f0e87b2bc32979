#include "tests/model/play.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>

#include "http/routes.h"
#include "http/seed_reader.h"
#include "store/store.h"
#include "tests/harness.h"
#include "tests/model/generate.h"
#include "tests/model/model.h"

namespace kiosk::model {
namespace {

constexpr char kUsers[] = "SELECT user_id, starting_balance, balance FROM users ORDER BY user_id";

// kiosk without its sockets, on a new file.
class Server {
 public:
  Server()
      : store_(Store::Open(folder_.File("kiosk.db"),
                           std::get<Seed>(ReadSeed(kSeed, Timestamp{kBegin})))),
        api_{.store = *store_, .metrics = metrics_, .log_fault = [this](const auto&, const auto&) {
               ++faults_;
             }} {}

  // Any thread.
  Answer Ask(const Sent& sent) {
    if (sent.call.method == kAudit) return Audit();
    const Call& call = sent.call;
    Request request;
    request.method = call.method;
    request.path = call.path;
    request.query = call.query;
    request.body = call.body;
    if (!call.body.empty()) request.content_type = call.is_json ? "application/json" : "text/plain";
    if (!call.key.empty()) request.idempotency_key = call.key;
    if (call.tag != Call::Tag::kNone) {
      (call.method == "GET" ? request.if_none_match : request.if_match) = sent.tag;
    }
    request.now = Timestamp{sent.now};
    request.system_time = request.now;
    const Response response = Dispatch(api_, request).response;
    Answer answer{response.status, response.body, {}};
    answer.headers.insert(response.headers.begin(), response.headers.end());
    return answer;
  }

  [[nodiscard]] size_t faults() const { return faults_; }

 private:
  Answer Audit() {
    Answer answer{200, "", {}};
    answer.body = store_->Read([](Database& db) {
      std::string users;
      Query row = db.Run(kUsers);
      while (row.Step()) users += row.Text(0) + " " + row.Text(1) + " " + row.Text(2) + "\n";
      return users;
    });
    return answer;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  Metrics metrics_{RouteLabels()};
  std::atomic<size_t> faults_ = 0;
  Api api_;
};

// The clients: threads that each make one call of a round.
class Clients {
 public:
  explicit Clients(Server& server) : server_(server) {
    for (size_t i = 0; i < kClients; ++i) threads_.emplace_back([this, i] { Run(i); });
  }
  ~Clients() {
    sent_ = nullptr;
    begin_.arrive_and_wait();
    for (std::thread& thread : threads_) thread.join();
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  std::vector<Answer> Ask(const std::vector<Sent>& sent) {
    answers_.assign(sent.size(), {});
    sent_ = &sent;
    begin_.arrive_and_wait();
    end_.arrive_and_wait();
    return std::move(answers_);
  }

 private:
  void Run(size_t client) {
    for (;;) {
      begin_.arrive_and_wait();
      if (!sent_) return;
      if (client < sent_->size()) answers_[client] = server_.Ask((*sent_)[client]);
      end_.arrive_and_wait();
    }
  }

  Server& server_;
  // Written between two barriers, when no client runs.
  const std::vector<Sent>* sent_ = nullptr;
  std::vector<Answer> answers_;
  std::barrier<> begin_{kClients + 1};
  std::barrier<> end_{kClients + 1};
  std::vector<std::thread> threads_;  // last: they use everything above
};

// `changes` put into the object `whole`.
std::string Merge(const std::string& whole, const std::string& changes) {
  const auto object = ParseValue(whole);
  const auto fields = ParseValue(changes);
  if (!object || !fields || object->Find("error")) return changes;
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [name, value] : object->members) {
    if (!fields->Find(name)) members.emplace_back(name, Canonical(value));
  }
  for (const auto& [name, value] : fields->members) members.emplace_back(name, Canonical(value));
  return Object(std::move(members));
}

// Fills in what a call names of earlier answers.
class Preparer {
 public:
  explicit Preparer(Server& server) : server_(server) {}

  Sent Prepare(const Call& call, int64_t now) {
    Sent sent{call, now, "", ""};
    if (call.path == "/_kiosk/reset") {
      for (auto& [path, answer] : first_) answer.body.clear();  // no tag from before matches
    }
    const bool is_one = call.path.starts_with("/orders/") || call.path.starts_with("/services/");
    if (!call.on_whole && call.tag == Call::Tag::kNone) return sent;
    const Answer present =
        server_.Ask({{.method = "GET", .path = call.path, .query = call.query}, now, "", ""});
    if (is_one && present.status == 200) first_.try_emplace(call.path, present);
    if (call.on_whole) sent.call.body = Merge(present.body, call.body);
    sent.tag = call.tag == Call::Tag::kAny ? "*" : "\"none\"";
    const auto first = first_.find(call.path);
    if (call.tag == Call::Tag::kFresh && present.status == 200) Name(present, sent);
    if (call.tag == Call::Tag::kFirst && first != first_.end()) Name(first->second, sent);
    return sent;
  }

 private:
  static void Name(const Answer& answer, Sent& sent) {
    sent.tag = answer.headers.at("ETag");
    const auto header = [&answer](const char* name) {
      const auto found = answer.headers.find(name);
      return found == answer.headers.end() ? "" : found->second;
    };
    // Of a Link the model knows the end of the one to the next page.
    const std::string link = header("Link").substr(0, header("Link").find(','));
    const size_t start = link.empty() || !link.ends_with("next\"") ? link.size() : link.rfind('&');
    sent.tagged = Canonical(answer.body) + (start < link.size() ? link.substr(start + 1) : "") +
                  header("X-Total-Count");
  }

  Server& server_;
  std::map<std::string, Answer> first_;  // by path
};

std::string Show(const Sent& sent) {
  std::string text = FormatTime(sent.now) + " " + sent.call.method + " " + sent.call.path;
  if (!sent.call.query.empty()) text += "?" + sent.call.query;
  if (!sent.call.is_json) text += " (as text/plain)";
  if (!sent.call.key.empty()) text += " Idempotency-Key: " + sent.call.key;
  if (!sent.tag.empty())
    text += (sent.call.method == "GET" ? " If-None-Match: " : " If-Match: ") + sent.tag;
  return text + " " + sent.call.body;
}

std::string Show(const Answer& answer) {
  std::string text = std::to_string(answer.status) + " " + answer.body;
  for (const auto& [name, value] : answer.headers) text += " " + name + ": " + value;
  return text;
}

std::string OutcomeOf(const Answer& answer) {
  const auto body = answer.status < 400 ? std::nullopt : ParseValue(answer.body);
  const Value* const error = body ? body->Find("error") : nullptr;
  const bool is_replay = answer.headers.contains("Idempotency-Replayed");
  return std::to_string(answer.status) + (error ? " " + error->text : "") +
         (is_replay ? " again" : "");
}

// What was asked at once, what was answered, and how things stood after it.
struct Played {
  std::vector<Sent> sent;
  std::vector<Answer> answers;
  std::vector<std::pair<Sent, Answer>> after;
};

// Whether the model gives these answers to the calls that are left, one after the other in some
// order; it is then in the state after them.
bool Explain(Model& model, const Played& played, const std::vector<size_t>& left) {
  if (left.empty()) {
    return std::ranges::none_of(played.after, [&model](const auto& seen) {
      return model.Apply(seen.first, seen.second).has_value();
    });
  }
  for (size_t i = 0; i < left.size(); ++i) {
    Model next = model;
    if (next.Apply(played.sent[left[i]], played.answers[left[i]])) continue;
    std::vector<size_t> others = left;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    if (!Explain(next, played, others)) continue;
    model = std::move(next);
    return true;
  }
  return false;
}

// What is wrong with a round's answers, in words; empty if nothing is.
std::string Judge(Model& model, const Played& played) {
  const auto compare = [](const Sent& sent, const Answer& answer, const std::string& wanted) {
    return "\n" + Show(sent) + "\n  kiosk:     " + Show(answer) + "\n  the model: " + wanted;
  };
  if (played.sent.size() == 1) {
    const auto wanted = model.Apply(played.sent[0], played.answers[0]);
    if (wanted) return compare(played.sent[0], played.answers[0], *wanted);
    for (const auto& [sent, answer] : played.after) {
      if (const auto now = model.Apply(sent, answer)) return compare(sent, answer, *now);
    }
    return "";
  }
  std::vector<size_t> all(played.sent.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  if (Explain(model, played, all)) return "";
  std::string report = "in no order does the model answer so; first of them, it would:";
  for (size_t i = 0; i < played.sent.size(); ++i) {
    Model alone = model;
    const auto wanted = alone.Apply(played.sent[i], played.answers[i]);
    report += compare(played.sent[i], played.answers[i], wanted.value_or("the same"));
  }
  for (const auto& [sent, answer] : played.after) {
    report += "\nand then\n" + Show(sent) + "\n  kiosk:     " + Show(answer);
  }
  return report;
}

// What is at once may happen in several ways: it is tried more than once.
std::optional<Difference> PlayOften(const std::vector<Round>& rounds) {
  constexpr int kTries = 10;
  const bool at_once =
      std::ranges::any_of(rounds, [](const Round& round) { return round.calls.size() > 1; });
  std::optional<Difference> difference;
  for (int i = 0; i < (at_once ? kTries : 1) && !difference; ++i) {
    difference = Play(rounds, Look::kAlways);
  }
  return difference;
}

// One call after the other.
std::vector<Round> InLine(const std::vector<Round>& rounds) {
  std::vector<Round> line;
  for (const Round& round : rounds) {
    for (size_t i = 0; i < round.calls.size(); ++i) {
      line.push_back({round.now + static_cast<int64_t>(i), {round.calls[i]}});
    }
  }
  return line;
}

// What comes before the last reset seldom counts.
void LeaveOutBeforeReset(std::vector<Round>& rounds) {
  const auto reset = std::find_if(rounds.rbegin(), rounds.rend(), [](const Round& round) {
    return round.calls.front().path == "/_kiosk/reset";
  });
  std::vector<Round> fewer(reset.base(), rounds.end());
  if (PlayOften(fewer)) rounds = std::move(fewer);
}

// Leaves out pieces of `rounds`, of half of them down to single ones.
void LeaveOutRounds(std::vector<Round>& rounds) {
  for (size_t size = std::max<size_t>(rounds.size() / 2, 1);; size /= 2) {
    for (size_t at = 0; at < rounds.size();) {
      std::vector<Round> fewer = rounds;
      const size_t end = std::min(at + size, fewer.size());
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                  fewer.begin() + static_cast<std::ptrdiff_t>(end));
      if (PlayOften(fewer)) {
        rounds = std::move(fewer);
      } else {
        at += size;
      }
    }
    if (size <= 1) return;
  }
}

// Makes each call as plain as it can be.
constexpr size_t kMembers = 8;  // of a body, tried one by one
void LeaveOutParts(std::vector<Round>& rounds) {
  const auto try_with = [&rounds](auto change) {
    for (size_t i = 0; i < rounds.size(); ++i) {
      for (size_t j = 0; j < rounds[i].calls.size(); ++j) {
        std::vector<Round> plainer = rounds;
        if (change(plainer[i], j) && PlayOften(plainer)) {
          rounds = std::move(plainer);
        }
      }
    }
  };
  try_with([](Round& round, size_t j) {  // a client
    if (round.calls.size() < 2) return false;
    round.calls.erase(round.calls.begin() + static_cast<std::ptrdiff_t>(j));
    return true;
  });
  try_with([](Round& round, size_t j) { return !std::exchange(round.calls[j].key, "").empty(); });
  try_with([](Round& round, size_t j) {
    return std::exchange(round.calls[j].tag, Call::Tag::kNone) != Call::Tag::kNone;
  });
  try_with([](Round& round, size_t j) { return std::exchange(round.calls[j].on_whole, false); });
  for (size_t member = 0; member < kMembers; ++member) {
    try_with([member](Round& round, size_t j) {
      auto body = ParseValue(round.calls[j].body);
      if (!body || member >= body->members.size()) return false;
      body->members.erase(body->members.begin() + static_cast<std::ptrdiff_t>(member));
      round.calls[j].body = Canonical(*body);
      return true;
    });
  }
}

}  // namespace

std::optional<Difference> Play(const std::vector<Round>& rounds, Look look,
                               std::map<std::string, size_t>* outcomes) {
  Server server;
  Clients clients(server);
  Preparer preparer(server);
  Model model(kBegin);
  static const std::vector<Call> kLooks = {{.method = kAudit},
                                           {.method = "GET", .path = "/orders"},
                                           {.method = "GET", .path = "/services"}};
  for (size_t i = 0; i < rounds.size(); ++i) {
    std::vector<Sent> sent;
    for (const Call& call : rounds[i].calls) {
      sent.push_back(preparer.Prepare(call, rounds[i].now + std::ssize(sent)));
    }
    Played played{sent, clients.Ask(sent), {}};
    if (outcomes) {
      for (const Answer& answer : played.answers) ++(*outcomes)[OutcomeOf(answer)];
    }
    // Of calls made at once the order is found in what they left behind.
    const bool looks = look == Look::kAlways || sent.size() > 1;
    for (const Call& call : looks ? kLooks : std::vector<Call>()) {
      const Sent seen{call, sent.back().now, "", ""};
      played.after.emplace_back(seen, server.Ask(seen));
    }
    std::string report = Judge(model, played);
    if (report.empty() && server.faults() > 0) report = "kiosk logged a fault";
    if (!report.empty()) return Difference{i, report};
  }
  return std::nullopt;
}

Difference Shorten(std::vector<Round>& rounds, Difference difference) {
  rounds.resize(difference.round + 1);
  LeaveOutBeforeReset(rounds);
  if (auto line = InLine(rounds); PlayOften(line)) rounds = std::move(line);
  LeaveOutRounds(rounds);
  LeaveOutParts(rounds);
  LeaveOutRounds(rounds);
  return PlayOften(rounds).value_or(std::move(difference));
}

std::string Show(const std::vector<Round>& rounds) {
  std::string text;
  for (const Round& round : rounds) {
    for (size_t i = 0; i < round.calls.size(); ++i) {
      const Call& call = round.calls[i];
      constexpr const char* kTags[] = {"", "as it is", "as it was first", "*", "another"};
      const char* const tag = kTags[static_cast<size_t>(call.tag)];
      text += "\n" + Show(Sent{call, round.now + static_cast<int64_t>(i), tag, ""}) +
              (call.on_whole ? " (put into what GET answers)" : "") +
              (round.calls.size() > 1 ? " (at once with the others of this time)" : "");
    }
  }
  return text;
}

}  // namespace kiosk::model
