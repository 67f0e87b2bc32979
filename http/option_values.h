// The values of options: which are accepted, and what is wrong with the others. Each Check returns
// what is wrong with a value and what to write instead; empty if nothing is.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiosk {

[[nodiscard]] std::string CheckDuration(const std::string& text);
[[nodiscard]] std::string CheckTime(const std::string& text);
[[nodiscard]] std::string CheckNotEmpty(const std::string& text);
[[nodiscard]] std::string CheckAddressNotEmpty(const std::string& text);
[[nodiscard]] std::string CheckRange(const std::string& text);
// The name of a demo.
[[nodiscard]] std::string CheckDemoName(const std::string& text);
// The file that pack writes.
[[nodiscard]] std::string CheckDemoFile(const std::string& text);
// The file that backup writes or restore reads, that export writes, and that of --db.
[[nodiscard]] std::string CheckFileName(const std::string& text);
[[nodiscard]] std::string CheckExportName(const std::string& text);
[[nodiscard]] std::string CheckDatabaseName(const std::string& text);

// "200" or "200-800", in milliseconds, at most a minute.
[[nodiscard]] std::optional<std::pair<int64_t, int64_t>> ParseRange(const std::string& text);

// `check`, which --help does not mention.
[[nodiscard]] CLI::Validator Accepts(std::string (*check)(const std::string&));

// An option whose value is one of a few words.
template <class Value>
void AddChoice(CLI::App& app, const std::string& name, const std::string& description,
               const std::vector<std::pair<std::string, Value>>& choices, Value& value) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : "|") + choice.first;
  const auto find = [choices](const std::string& text) {
    const auto found = std::ranges::find(choices, text, &std::pair<std::string, Value>::first);
    return found == choices.end() ? std::nullopt : std::optional(found->second);
  };
  const auto check = [find, words](const std::string& text) {
    return find(text) ? "" : text + " is not one of " + words;
  };
  app.add_option_function<std::string>(
         name, [&value, find](const std::string& text) { value = *find(text); }, description)
      ->type_name(words)
      ->check(CLI::Validator(check, ""));
}

// A number in decimal digits, a double also with a fraction; nothing for anything else, such as a
// sign, a space or 0x10.
template <class Number>
[[nodiscard]] std::optional<Number> ParseNumber(std::string_view text) {
  constexpr bool kHasFraction = std::is_floating_point_v<Number>;
  const std::string_view characters = kHasFraction ? "0123456789." : "0123456789";
  if (text.find_first_not_of(characters) != std::string_view::npos) return std::nullopt;
  if constexpr (kHasFraction) {
    if (text == "." || text.empty() || std::ranges::count(text, '.') > 1) return std::nullopt;
    return static_cast<Number>(std::strtod(std::string(text).c_str(), nullptr));
  } else {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
  }
}

// A number from `least` to `most`; --help shows `name` in its place.
template <class Number>
CLI::Option* LimitNumber(CLI::Option* option, const std::string& name, Number least, Number most) {
  const auto read = [least, most](std::string& text) -> std::string {
    const auto number = ParseNumber<Number>(text);
    if (!number || *number < least || *number > most) {
      std::ostringstream message;
      message << (text.empty() ? "an empty text" : text) << " is not a number from " << least
              << " to " << most;
      return message.str();
    }
    // CLI11 would take 010 for eight.
    if constexpr (std::is_integral_v<Number>) text = std::to_string(*number);
    return "";
  };
  return option->type_name(name)->transform(CLI::Validator(read, ""));
}

}  // namespace kiosk
