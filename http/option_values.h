// The values of options: which are accepted, and what is wrong with the others. Each Check returns
// what is wrong with a value and what to write instead; empty if nothing is.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace kiosk {

[[nodiscard]] std::string CheckDuration(const std::string& text);
[[nodiscard]] std::string CheckTime(const std::string& text);
[[nodiscard]] std::string CheckNotEmpty(const std::string& text);
[[nodiscard]] std::string CheckRange(const std::string& text);
// The name of a demo.
[[nodiscard]] std::string CheckDemoName(const std::string& text);
// The file that pack writes.
[[nodiscard]] std::string CheckDemoFile(const std::string& text);
// The file of --db.
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

// A number from `least` to `most`; --help shows `name` in its place.
template <class Number>
void LimitNumber(CLI::Option* option, const std::string& name, Number least, Number most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    Number number{};
    const bool is_number = CLI::detail::lexical_cast(text, number);
    if (is_number && number >= least && number <= most) return "";
    std::ostringstream message;
    message << text << " is not a number from " << least << " to " << most;
    return message.str();
  };
  option->type_name(name)->check(CLI::Validator(check, ""));
}

}  // namespace kiosk
