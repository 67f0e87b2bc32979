// GET /orders: the whole list as a stream, or page by page.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "http/api_desk.h"
#include "store/desk_list.h"
#include "store/rules.h"

namespace kiosk {
namespace {

constexpr int64_t kMaxLimit = 1000;  // the largest page that can be asked for
constexpr int64_t kPiece = 500;      // orders read and sent at a time

struct Listing {
  DeskFilter filter;
  desk::Direction direction = desk::Direction::kAscending;
  std::optional<int64_t> limit;

  // Where the page begins: at most one of these.
  std::optional<std::string> after;
  std::optional<int64_t> page;  // from 1
  std::optional<int64_t> offset;
};

// --- the query ---

// Reads the parameters of a query, and remembers the first one that is not as it should be.
class QueryReader {
 public:
  explicit QueryReader(std::string_view query) : query_(query) {}

  std::optional<std::string> Text(const char* name) const { return QueryParameter(query_, name); }

  // A plus sign of an offset that was not encoded arrives as a space.
  std::optional<Timestamp> Moment(const char* name) {
    auto text = Text(name);
    if (!text) return std::nullopt;
    std::ranges::replace(*text, ' ', '+');
    const auto moment = ParseTimestamp(*text);
    if (!moment) {
      Refuse(name, "must be a date and time with a zone, such as 2022-11-01T11:11:11.111Z.");
    }
    return moment;
  }

  std::optional<int64_t> Integer(const char* name, int64_t least, int64_t most) {
    const auto text = Text(name);
    if (!text) return std::nullopt;
    const auto number = ParseInteger(*text);
    if (number && *number >= least && *number <= most) return number;
    Refuse(name, "must be an integer from " + std::to_string(least) + " to " +
                     std::to_string(most) + ".");
    return std::nullopt;
  }

  void Refuse(const char* name, const std::string& predicate) {
    if (!invalid_) invalid_ = InvalidField{name, std::string("`") + name + "` " + predicate};
  }

  [[nodiscard]] const std::optional<InvalidField>& invalid() const { return invalid_; }

 private:
  std::string_view query_;
  std::optional<InvalidField> invalid_;
};

// At most one of `after`, `page` and `offset`; the last two belong to pages of a size.
void CheckStart(const Listing& listing, QueryReader& query) {
  for (const auto& [name, start] :
       {std::pair{"page", listing.page}, std::pair{"offset", listing.offset}}) {
    if (start && !listing.limit) query.Refuse(name, "needs `limit`.");
    if (start && listing.after) query.Refuse(name, "cannot be combined with `after`.");
  }
  if (listing.page && listing.offset) query.Refuse("offset", "cannot be combined with `page`.");
}

Parsed<Listing> ReadListing(const Request& request) {
  QueryReader query(request.query);
  Listing listing;
  listing.filter.from = query.Moment("from");
  listing.filter.to = query.Moment("to");
  listing.filter.service_id = query.Integer("service_id", 1, rules::kMaxCount);
  const std::string order = query.Text("order").value_or("asc");
  if (order != "asc" && order != "desc") query.Refuse("order", "must be `asc` or `desc`.");
  if (order == "desc") listing.direction = desk::Direction::kDescending;
  listing.limit = query.Integer("limit", 1, kMaxLimit);
  listing.after = query.Text("after");
  listing.page = query.Integer("page", 1, rules::kMaxCount);
  listing.offset = query.Integer("offset", 0, rules::kMaxCount);
  if (!query.invalid()) CheckStart(listing, query);
  if (query.invalid()) return *query.invalid();
  return listing;
}

// --- positions ---

// A position as Link has it: where the last order was, so that a page can begin after an order that
// is deleted or moved. Its first character is in no id.
constexpr char kPositionMark = '~';

std::string WritePosition(const desk::Place& place) {
  const std::string at = place.at == desk::kUndated ? "" : std::to_string(place.at);
  return kPositionMark + at + kPositionMark + place.id;
}

std::optional<desk::Place> ParsePosition(std::string_view text) {
  const size_t mark = text.find(kPositionMark, 1);
  if (text[0] != kPositionMark || mark == std::string_view::npos) return std::nullopt;
  const std::string_view at = text.substr(1, mark - 1);
  desk::Place place{desk::kUndated, std::string(text.substr(mark + 1))};
  if (!rules::IsOrderId(place.id)) return std::nullopt;
  if (at.empty()) return place;
  const auto ms = ParseInteger(at);
  if (!ms || *ms < kMinTimestamp.ms || *ms > kMaxTimestamp.ms) return std::nullopt;
  place.at = *ms;
  return place;
}

// The place that `after` names, as a position or as an id.
std::optional<desk::Place> FindStart(Database& db, const std::string& after) {
  if (after.starts_with(kPositionMark)) return ParsePosition(after);
  return desk::FindPlace(db, after);
}

// --- links ---

// What is not written into a Link: controls, because a header ends there, and its own delimiters.
bool IsAllowedInLink(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7F && c != '<' && c != '>' && c != '"';
}

// The same query with another start.
std::string LinkTo(const Request& request, const std::string& name, const std::string& value,
                   const std::string& relation) {
  std::string link = "</orders?";
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
    const std::string given =
        PercentDecode(parameter.substr(0, parameter.find('=')), PlusSign::kSpace);
    if (parameter.empty() || given == name) continue;
    if (!std::ranges::all_of(parameter, IsAllowedInLink)) continue;
    link += std::string(parameter) + "&";
  }
  return link + name + "=" + value + ">; rel=\"" + relation + "\"";
}

// The link to the next page, in the style of the request, and the one to the page before if pages
// are counted.
std::string WriteLinks(const Request& request, const Listing& listing, const DeskOrder* last) {
  std::string links;
  const auto add = [&](const char* name, const std::string& value, const char* relation) {
    links += (links.empty() ? "" : ", ") + LinkTo(request, name, value, relation);
  };
  const int64_t limit = *listing.limit;
  if (listing.page) {
    if (last) add("page", std::to_string(*listing.page + 1), "next");
    if (*listing.page > 1) add("page", std::to_string(*listing.page - 1), "prev");
  } else if (listing.offset) {
    if (last) add("offset", std::to_string(*listing.offset + limit), "next");
    const int64_t before = std::max<int64_t>(*listing.offset - limit, 0);
    if (*listing.offset > 0) add("offset", std::to_string(before), "prev");
  } else if (last) {
    add("after", WritePosition(desk::PlaceOf(*last)), "next");
  }
  return links;
}

// --- responses ---

void AppendOrders(std::string& text, const std::vector<DeskOrder>& orders) {
  JsonWriter out;
  for (const DeskOrder& order : orders) {
    if (text.size() > 1) text += ',';
    out.Clear();
    WriteDeskOrder(out, order);
    text += out.view();
  }
}

std::string WriteOrders(const std::vector<DeskOrder>& orders) {
  std::string text = "[";
  AppendOrders(text, orders);
  return text += ']';
}

// What one transaction reads.
struct Page {
  bool start_is_known = true;
  std::vector<DeskOrder> orders;
  int64_t total = 0;  // if there is a limit
};

Page ReadPage(Database& db, const Listing& listing) {
  desk::ListingReader reader(db, listing.filter, listing.direction);
  Page page;
  if (listing.limit) page.total = reader.Count();
  if (listing.after) {
    const auto start = FindStart(db, *listing.after);
    page.start_is_known = start.has_value();
    if (!start) return page;
    reader.StartAfter(*start);
  }
  if (listing.offset) reader.Skip(*listing.offset);
  if (listing.page) reader.Skip((*listing.page - 1) * *listing.limit);
  // One more than the page tells whether there is another.
  page.orders = reader.Read(listing.limit ? *listing.limit + 1 : kPiece);
  return page;
}

Response ShowPage(const Request& request, const Listing& listing, Page page) {
  const auto limit = static_cast<size_t>(*listing.limit);
  const bool has_more = page.orders.size() > limit;
  if (has_more) page.orders.resize(limit);
  Response response = Ok(WriteOrders(page.orders));
  const std::string links = WriteLinks(request, listing, has_more ? &page.orders.back() : nullptr);
  if (!links.empty()) response.headers.emplace_back("Link", links);
  response.headers.emplace_back("X-Total-Count", std::to_string(page.total));
  return response;
}

// Continues piece by piece, each read in a transaction of its own: however slowly the client reads,
// no transaction stays open for it, and memory holds one piece.
Response StreamFrom(Store& store, const Listing& listing, const std::vector<DeskOrder>& first) {
  struct State {
    std::string piece;  // made ahead: the first one
    desk::Place last;
    bool is_done = false;
  };
  const auto state = std::make_shared<State>(State{"[", desk::PlaceOf(first.back())});
  AppendOrders(state->piece, first);
  Response response;
  response.next_piece = [&store, listing, state]() -> std::string {
    if (!state->piece.empty()) return std::exchange(state->piece, "");
    if (state->is_done) return "";
    const auto orders = store.ReadListing([&](Database& db) {
      desk::ListingReader reader(db, listing.filter, listing.direction);
      reader.StartAfter(state->last);
      return reader.Read(kPiece);
    });
    state->is_done = orders.empty();
    if (state->is_done) return "]";
    state->last = desk::PlaceOf(orders.back());
    std::string piece = ",";
    AppendOrders(piece, orders);
    return piece;
  };
  return response;
}

}  // namespace

Response ListOrders(Api& api, const Request& request) {
  const auto parsed = ReadListing(request);
  if (const auto* invalid = std::get_if<InvalidField>(&parsed)) return InvalidRequest(*invalid);
  const auto& listing = std::get<Listing>(parsed);
  Page page = api.store.ReadListing([&](Database& db) { return ReadPage(db, listing); });
  if (!page.start_is_known) {
    return InvalidRequest({"after", "No order has or had the id in `after`."});
  }
  if (listing.limit) return ShowPage(request, listing, std::move(page));
  if (page.orders.size() < static_cast<size_t>(kPiece)) return Ok(WriteOrders(page.orders));
  return StreamFrom(api.store, listing, page.orders);
}

}  // namespace kiosk
