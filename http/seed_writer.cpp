#include "http/seed_writer.h"

#include <string>

#include "http/json.h"
#include "http/seed_reader.h"
#include "store/benefits.h"
#include "store/desk.h"
#include "store/export.h"
#include "store/next_ids.h"
#include "store/seed.h"

namespace kiosk {
namespace {

constexpr size_t kPiece = 65'536;

// A list of values with one on each line, passed on in pieces.
class ListWriter {
 public:
  ListWriter(std::string_view name, const std::function<void(std::string_view)>& append)
      : append_(append) {
    text_.append(",\n  \"").append(name).append("\": [");
  }

  // `write` adds one value to the writer.
  template <class Write>
  void Add(Write write) {
    value_.Clear();
    write(value_);
    text_.append(is_first_ ? "\n    " : ",\n    ").append(value_.view());
    is_first_ = false;
    if (text_.size() < kPiece) return;
    append_(text_);
    text_.clear();
  }

  void End() { append_(text_ + (is_first_ ? "]" : "\n  ]")); }

 private:
  const std::function<void(std::string_view)>& append_;
  std::string text_;
  JsonWriter value_;
  bool is_first_ = true;
};

void WriteUser(JsonWriter& out, const SeedUser& user) {
  out.BeginObject().Key("user_id").String(user.user_id);
  out.Key("balance").Raw(FormatMoney(user.balance));
  out.Key("starting_balance").Raw(FormatMoney(user.starting_balance));
  out.Key("product_ids").BeginArray();
  for (const std::string& id : user.product_ids) out.String(id);
  out.EndArray().EndObject();
}

void WritePurchase(JsonWriter& out, const BenefitOrder& order) {
  out.BeginObject().Key("order_id").String(std::to_string(order.order_id));
  out.Key("user_id").String(order.user_id).Key("items").BeginArray();
  for (const Product& item : order.items) {
    out.BeginObject().Key("id").String(item.product_id);
    out.Key("price").Raw(FormatMoney(item.price)).EndObject();
  }
  out.EndArray().Key("created_at").String(FormatTimestamp(order.created_at)).EndObject();
}

void WriteOrder(JsonWriter& out, const DeskOrder& order) {
  out.BeginObject().Key("id").String(order.id);
  if (order.datetime) out.Key("datetime").String(FormatTimestamp(*order.datetime));
  if (order.totalfee) out.Key("totalfee").Raw(FormatMoney(*order.totalfee));
  if (!order.services.empty()) {
    out.Key("services").BeginArray();
    for (const Service& service : order.services) out.Int(service.id);
    out.EndArray();
  }
  if (order.product) out.Key("product").String(*order.product);
  if (order.quantity) out.Key("quantity").Int(*order.quantity);
  out.EndObject();
}

void WriteCatalogue(Database& db, const std::function<void(std::string_view)>& append) {
  ListWriter products("products", append);
  for (const Product& product : benefits::ListProducts(db)) {
    products.Add([&product](JsonWriter& out) {
      out.BeginObject().Key("id").String(product.product_id).Key("name").String(product.name);
      out.Key("price").Raw(FormatMoney(product.price)).EndObject();
    });
  }
  products.End();
  ListWriter services("services", append);
  for (const Service& service : desk::ListServices(db)) {
    services.Add([&service](JsonWriter& out) {
      out.BeginObject().Key("id").Int(service.id).Key("name").String(service.name).EndObject();
    });
  }
  services.End();
}

// What the seed begins with: the texts for the start page are those of the database's own seed.
std::string WriteHead(Database& db) {
  std::string head = "{\n  \"starting_balance\": " + FormatMoney(data_export::StartingBalance(db));
  const SeedTexts texts = ReadSeedTexts(SeedText(db));
  for (const auto& [name, text] :
       {std::pair("name", texts.name), std::pair("about", texts.about)}) {
    if (!text) continue;
    JsonWriter out;
    out.String(*text);
    head += std::string(",\n  \"") + name + "\": " + out.Take();
  }
  return head;
}

std::string WriteNextIds(Database& db) {
  JsonWriter out;
  out.BeginObject();
  out.Key("purchase").Int(next_ids::Next(db, next_ids::Kind::kPurchase));
  out.Key("order").Int(next_ids::Next(db, next_ids::Kind::kOrder));
  out.Key("service").Int(next_ids::Next(db, next_ids::Kind::kService)).EndObject();
  return ",\n  \"next_ids\": " + out.Take() + "\n}\n";
}

}  // namespace

void WriteSeed(Database& db, const std::function<void(std::string_view)>& append) {
  append(WriteHead(db));
  WriteCatalogue(db, append);
  ListWriter orders("orders", append);
  data_export::ForEachOrder(db, [&orders](const DeskOrder& order) {
    orders.Add([&order](JsonWriter& out) { WriteOrder(out, order); });
  });
  orders.End();
  ListWriter users("users", append);
  data_export::ForEachUser(db, [&users](const SeedUser& user) {
    users.Add([&user](JsonWriter& out) { WriteUser(out, user); });
  });
  users.End();
  ListWriter purchases("purchases", append);
  data_export::ForEachPurchase(db, [&purchases](const BenefitOrder& order) {
    purchases.Add([&order](JsonWriter& out) { WritePurchase(out, order); });
  });
  purchases.End();
  append(WriteNextIds(db));
}

}  // namespace kiosk
