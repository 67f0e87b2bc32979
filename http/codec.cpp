#include "http/codec.h"

namespace kiosk {
namespace {

void WriteMoney(JsonWriter& out, Money amount) { out.Raw(FormatMoney(amount)); }

void WriteProduct(JsonWriter& out, const Product& product) {
  out.BeginObject().Key("id").String(product.product_id).Key("name").String(product.name);
  out.Key("price");
  WriteMoney(out, product.price);
  out.EndObject();
}

// The members that every order of the shop has; the object of its data stays open.
void BeginBenefitOrder(JsonWriter& out, const BenefitOrder& order, ItemsForm form) {
  out.BeginObject().Key("order_id").String(std::to_string(order.order_id));
  out.Key("data").BeginObject().Key("items").BeginArray();
  for (const Product& item : order.items) {
    if (form == ItemsForm::kIds) {
      out.String(item.product_id);
    } else {
      WriteProduct(out, item);
    }
  }
  out.EndArray().Key("total");
  WriteMoney(out, order.total);
}

void WriteStoredOrder(JsonWriter& out, const BenefitOrder& order, ItemsForm form) {
  BeginBenefitOrder(out, order, form);
  out.Key("user_id").String(order.user_id);
  out.Key("created_at").String(FormatTimestamp(order.created_at));
  out.EndObject().EndObject();
}

void WriteService(JsonWriter& out, const Service& service) {
  out.BeginObject().Key("id").Int(service.id).Key("name").String(service.name).EndObject();
}

}  // namespace

Parsed<PlaceOrderBody> ReadPlaceOrder(const Json& body) {
  Faults faults;
  Fields top(body, "", faults);
  Fields order(top.Need("order"), "order", faults);
  PlaceOrderBody result;
  result.items = ReadStrings(order.Need("items"), "order.items", faults);
  result.user_id = ReadUserId(order.Need("user_id"), "order.user_id", faults);
  order.RefuseOthers();
  top.RefuseOthers();
  return Finish(std::move(result), faults);
}

Parsed<DeskOrderChanges> ReadDeskOrder(const Json& body, BodyUse use) {
  Faults faults;
  Fields fields(body, "", faults, use == BodyUse::kUpdate ? NullMeans::kValue : NullMeans::kAbsent);
  DeskOrderChanges changes = ReadOrderFields(fields, use, faults);
  fields.RefuseOthers();
  return Finish(std::move(changes), faults);
}

Parsed<ServiceBody> ReadService(const Json& body) {
  Faults faults;
  Fields fields(body, "", faults);
  ServiceBody result;
  result.name = ReadName(fields.Need("name"), "name", faults);
  result.id = ReadOptional(fields, "id", faults, ReadServiceId);
  fields.RefuseOthers();
  return Finish(std::move(result), faults);
}

Parsed<ServiceChanges> ReadServiceChanges(const Json& body) {
  Faults faults;
  Fields fields(body, "", faults, NullMeans::kValue);
  ServiceChanges result;
  result.name = ReadOptional(fields, "name", faults, ReadName);
  result.id = ReadOptional(fields, "id", faults, ReadServiceId);
  fields.RefuseOthers();
  return Finish(std::move(result), faults);
}

std::string WriteUser(const User& user) {
  JsonWriter out;
  out.BeginObject().Key("user").BeginObject().Key("user_id").String(user.user_id);
  out.Key("data").BeginObject().Key("balance");
  WriteMoney(out, user.balance);
  out.Key("product_ids").BeginArray();
  for (const std::string& id : user.product_ids) out.String(id);
  out.EndArray().EndObject().EndObject().EndObject();
  return out.Take();
}

std::string WriteProducts(const std::vector<Product>& products) {
  JsonWriter out;
  out.BeginObject().Key("products").BeginArray();
  for (const Product& product : products) WriteProduct(out, product);
  out.EndArray().EndObject();
  return out.Take();
}

std::string WritePlacedOrder(const BenefitOrder& order, ItemsForm form) {
  JsonWriter out;
  out.BeginObject().Key("order");
  BeginBenefitOrder(out, order, form);
  out.EndObject().EndObject().EndObject();
  return out.Take();
}

std::string WriteBenefitOrder(const BenefitOrder& order, ItemsForm form) {
  JsonWriter out;
  out.BeginObject().Key("order");
  WriteStoredOrder(out, order, form);
  out.EndObject();
  return out.Take();
}

std::string WriteBenefitOrders(const std::vector<BenefitOrder>& orders, ItemsForm form) {
  JsonWriter out;
  out.BeginObject().Key("orders").BeginArray();
  for (const BenefitOrder& order : orders) WriteStoredOrder(out, order, form);
  out.EndArray().EndObject();
  return out.Take();
}

void WriteDeskOrder(JsonWriter& out, const DeskOrder& order) {
  out.BeginObject().Key("id").String(order.id);
  if (order.datetime) out.Key("datetime").String(FormatTimestamp(*order.datetime));
  if (order.totalfee) {
    out.Key("totalfee");
    WriteMoney(out, *order.totalfee);
  }
  if (!order.services.empty()) {
    out.Key("services").BeginArray();
    for (const Service& service : order.services) {
      out.BeginObject().Key("id").String(std::to_string(service.id));
      out.Key("name").String(service.name).EndObject();
    }
    out.EndArray();
  }
  if (order.product) out.Key("product").String(*order.product);
  if (order.quantity) out.Key("quantity").Int(*order.quantity);
  out.Key("created_at").String(FormatTimestamp(order.created_at));
  out.Key("updated_at").String(FormatTimestamp(order.updated_at));
  out.EndObject();
}

std::string WriteDeskOrder(const DeskOrder& order) {
  JsonWriter out;
  WriteDeskOrder(out, order);
  return out.Take();
}

std::string WriteService(const Service& service) {
  JsonWriter out;
  WriteService(out, service);
  return out.Take();
}

std::string WriteServices(const std::vector<Service>& services) {
  JsonWriter out;
  out.BeginArray();
  for (const Service& service : services) WriteService(out, service);
  out.EndArray();
  return out.Take();
}

}  // namespace kiosk
