#include "store/rules.h"

#include <algorithm>

namespace kiosk::rules {
namespace {

// Counts the characters of valid UTF-8; nothing if it is not valid (RFC 3629).
std::optional<size_t> CountCharacters(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length == 0 || lead > 0xF4 || i + length > text.size()) return std::nullopt;
    for (size_t j = 1; j < length; ++j) {
      const auto next = static_cast<unsigned char>(text[i + j]);
      // The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
      const unsigned char low = j > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
      const unsigned char high = j > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
      if (next < low || next > high) return std::nullopt;
    }
    i += length;
  }
  return count;
}

// C0, DEL, and C1 (in UTF-8: C2 80 to C2 9F).
bool HasControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsOrderIdCharacter(char c) {
  return IsDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
         c == '-';
}

// Segments that clients resolve before they send a path.
bool IsDots(std::string_view text) { return text == "." || text == ".."; }

template <class T, class U>
void ApplyTo(std::optional<T>& field, const Change<U>& change) {
  if (change) field = *change;
}

}  // namespace

bool IsUserId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxUserId && !IsDots(text) && CountCharacters(text) &&
         !HasControlCharacter(text);
}

std::variant<Money, BenefitRefusal> DecidePurchase(Money balance,
                                                   std::span<const WantedProduct> wanted) {
  if (wanted.empty() || !std::ranges::all_of(wanted, &WantedProduct::exists)) {
    return BenefitRefusal::kProductsNotFound;
  }
  if (std::ranges::any_of(wanted, &WantedProduct::owned)) {
    return BenefitRefusal::kProductsAlreadyPurchased;
  }
  // Prices are never negative, so stopping at the balance also keeps the sum from overflowing.
  Money total;
  for (const WantedProduct& product : wanted) {
    total.cents += product.price.cents;
    if (total > balance) return BenefitRefusal::kInsufficientBalance;
  }
  return total;
}

bool IsOrderId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxOrderId && !IsDots(text) &&
         std::ranges::all_of(text, IsOrderIdCharacter);
}

bool IsName(std::string_view text) {
  const auto count = CountCharacters(text);
  return count && *count >= 1 && *count <= kMaxName && text.find('\0') == std::string_view::npos;
}

int64_t OrderIdNumber(std::string_view id) {
  if (id.empty() || id.size() > 18 || !std::ranges::all_of(id, IsDigit)) return kNotANumber;
  int64_t number = 0;
  for (const char c : id) number = number * 10 + (c - '0');
  return number;
}

bool NamesServiceTwice(std::span<const ServiceReference> services) {
  std::vector<std::string_view> ids;
  ids.reserve(services.size());
  for (const ServiceReference& service : services) ids.push_back(service.text);
  std::ranges::sort(ids);
  return std::ranges::adjacent_find(ids) != ids.end();
}

DeskOrder Apply(DeskOrder order, const DeskOrderChanges& changes) {
  ApplyTo(order.datetime, changes.datetime);
  ApplyTo(order.totalfee, changes.totalfee);
  ApplyTo(order.product, changes.product);
  ApplyTo(order.quantity, changes.quantity);
  if (changes.services) {
    order.services.clear();
    for (const ServiceReference& service :
         changes.services->value_or(std::vector<ServiceReference>{})) {
      order.services.push_back({service.id, service.name.value_or("")});
    }
  }
  return order;
}

std::optional<InvalidField> FindInvalidField(const DeskOrder& order) {
  const bool is_service_order = !order.services.empty();
  const bool is_product_order = order.product || order.quantity;
  if (!is_service_order && !is_product_order) {
    return InvalidField{"services",
                        "An order needs `services` and `totalfee`, or `product` and `quantity`."};
  }
  if (is_service_order && !order.totalfee) {
    return InvalidField{"totalfee", "An order with `services` needs `totalfee`."};
  }
  if (order.totalfee && order.totalfee->cents < 0) {
    return InvalidField{"totalfee", "`totalfee` must not be negative."};
  }
  if (is_product_order && !order.product) {
    return InvalidField{"product", "An order with `quantity` needs `product`."};
  }
  if (order.product && !IsName(*order.product)) {
    return InvalidField{"product", "`product` must have 1 to 200 characters."};
  }
  if (is_product_order && !order.quantity) {
    return InvalidField{"quantity", "An order with `product` needs `quantity`."};
  }
  if (order.quantity && (*order.quantity < 1 || *order.quantity > kMaxCount)) {
    return InvalidField{"quantity", "`quantity` must be an integer of at least 1."};
  }
  return std::nullopt;
}

std::optional<OrderConflict> FindConflict(
    Timestamp wanted, int64_t gap_ms, const std::function<std::optional<Booking>()>& next_booking) {
  std::optional<Booking> nearest;
  const auto distance = [wanted](const Booking& booking) {
    return std::abs(booking.datetime.ms - wanted.ms);
  };
  Timestamp free = wanted;
  while (const std::optional<Booking> booking = next_booking()) {
    if (booking->datetime.ms - gap_ms >= free.ms) break;
    if (free.ms - booking->datetime.ms >= gap_ms) continue;
    if (distance(*booking) < gap_ms && (!nearest || distance(*booking) < distance(*nearest))) {
      nearest = booking;
    }
    free.ms = booking->datetime.ms + gap_ms;
  }
  if (!nearest) return std::nullopt;
  OrderConflict conflict{nearest->order_id, std::nullopt};
  if (free <= kMaxTimestamp) conflict.next_available = free;
  return conflict;
}

}  // namespace kiosk::rules
