#include "http/content_hash.h"

#include <algorithm>
#include <iterator>

namespace kiosk {
namespace {

constexpr size_t kViteLength = 8;  // characters of base64url

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsLetter(char c) { return IsUpper(c) || IsLower(c); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); }
bool IsVowel(char c) { return std::string_view("aeiouyAEIOUY").find(c) != std::string_view::npos; }

template <typename Predicate>
bool AllOf(std::string_view text, Predicate predicate) {
  return std::ranges::all_of(text, predicate);
}
template <typename Predicate>
bool AnyOf(std::string_view text, Predicate predicate) {
  return std::ranges::any_of(text, predicate);
}

// Takes the longest beginning of `text` whose characters satisfy the predicate.
template <typename Predicate>
std::string_view Take(std::string_view& text, Predicate predicate) {
  const auto* const end = std::ranges::find_if_not(text, predicate);
  const auto length = static_cast<size_t>(end - text.begin());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

// "20240131" is more likely a date than a hash.
bool IsDate(std::string_view digits) {
  if (digits.size() != 8 || !AllOf(digits, IsDigit)) return false;
  const std::string_view century = digits.substr(0, 2);
  const std::string_view month = digits.substr(4, 2);
  const std::string_view day = digits.substr(6, 2);
  return (century == "19" || century == "20") && month >= "01" && month <= "12" && day >= "01" &&
         day <= "31";
}

// "Bold", but not "Tda": a vowel, consonants as words begin with them, at most three in a row.
bool IsPronounceable(std::string_view word) {
  constexpr std::string_view kOnsets =
      " bl br ch cl cr dr dw fl fr gl gr kn ph pl pr ps qu rh sc sh sk sl sm sn sp sq st sw th tr "
      "tw "
      "wh wr ";
  if (std::ranges::none_of(word, IsVowel)) return false;
  if (word.size() > 1 && !IsVowel(word[0]) && !IsVowel(word[1])) {
    const char onset[] = {' ', static_cast<char>(word[0] | 0x20), word[1], ' '};
    if (kOnsets.find(std::string_view(onset, 4)) == std::string_view::npos) return false;
  }
  int consonants = 0;
  return std::ranges::none_of(word, [&consonants](char c) {
    consonants = IsVowel(c) ? 0 : consonants + 1;
    return consonants > 3;
  });
}

// Which capitals hardly follow each letter from A to Z: in under 0.07 % of the 116,000 words of
// documentation and source code that were counted.
constexpr std::string_view kRareFollowers[] = {"",
                                               "QW",
                                               "JQX",
                                               "QZ",
                                               "",
                                               "JKQVXZ",
                                               "JKQX",
                                               "JQVXZ",
                                               "",
                                               "BFGHJLQRTVWXYZ",
                                               "JQVXZ",
                                               "JQ",
                                               "JQZ",
                                               "",
                                               "Q",
                                               "JQXZ",
                                               "ABCDEFGHIJKLMNOPQVWXYZ",
                                               "JX",
                                               "J",
                                               "J",
                                               "JQW",
                                               "HJKQVXZ",
                                               "JKQVWXYZ",
                                               "BGHJKNQUVWZ",
                                               "HJQVWXZ",
                                               "BCDFGJKNPQRTVWX"};

// "QZXCVBNM", but not "DOWNLOAD": esbuild's hashes have capitals and digits, and one in five no
// digit.
bool IsBeyondWords(std::string_view capitals) {
  int rare = 0;
  for (size_t i = 1; i < capitals.size(); ++i) {
    const std::string_view followers = kRareFollowers[capitals[i - 1] - 'A'];
    if (followers.find(capitals[i]) != std::string_view::npos) ++rare;
  }
  return rare > 1;
}

bool IsOneCase(std::string_view letters) {
  return AllOf(letters, IsLower) || AllOf(letters, IsUpper) ||
         (IsUpper(letters[0]) && AllOf(letters.substr(1), IsLower));
}

// Words as people write them together: "SemiBold", "iPhone", "pageTwo", "WebGL".
bool IsCamelCase(std::string_view letters) {
  const std::string_view first = Take(letters, IsLower);
  if (first.size() > 1 && !IsPronounceable(first)) return false;
  bool is_readable = first.size() > 1 || first == "i" || first == "e";
  while (!letters.empty()) {
    const size_t length = 1 + letters.substr(1).find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const std::string_view word = letters.substr(0, length == 0 ? letters.size() : length);
    const bool is_acronym = is_readable && letters.size() <= 3 && AllOf(letters, IsUpper);
    if (is_acronym) return letters.size() > 1;
    if (word.size() < 3 || !IsPronounceable(word)) return false;
    letters.remove_prefix(word.size());
    is_readable = true;
  }
  return is_readable;
}

// "2024", "document", "TEMPLATE", "layout12", "IMG12345", "3dmodels", "1024x768", "iPhone12".
bool IsReadable(std::string_view text) {
  const std::string_view number = Take(text, IsDigit);
  if (text.empty()) return true;
  const std::string_view letters = Take(text, IsLetter);
  if (!AllOf(text, IsDigit)) return false;
  if (!number.empty()) return AllOf(letters, IsLower) && (text.empty() || letters == "x");
  const bool is_word = IsOneCase(letters) || IsCamelCase(letters);
  if (text.empty() || !is_word) return is_word;
  return AllOf(letters, IsUpper) ? letters.size() <= 4 : IsPronounceable(letters);
}

// "my-first", "IMG_2024", "24-01-31".
bool IsReadablePart(std::string_view part) {
  if (part.empty()) return false;
  if (AllOf(part, IsDigit)) return true;
  if (part.size() < 2 || !AllOf(part, IsLetter) || !IsOneCase(part)) return false;
  return AllOf(part, IsUpper) || IsPronounceable(part);
}

bool IsSeparator(char c) { return c == '-' || c == '_'; }

// Whether eight characters of base64url look drawn by lot rather than written by a person.
bool IsRandom(std::string_view text) {
  const auto belongs = [](char c) { return IsLetter(c) || IsDigit(c) || IsSeparator(c); };
  if (text.size() != kViteLength || !AllOf(text, belongs)) return false;
  if (AllOf(text, IsUpper)) return IsBeyondWords(text);
  if (!AnyOf(text, IsSeparator)) return !IsReadable(text);
  if (AnyOf(text, IsUpper) && AnyOf(text, IsLower)) {
    // Words of a name are written alike.
    const auto* const capital = std::ranges::find_if(text.substr(1), IsUpper);
    if (capital != text.end() && !IsSeparator(*(capital - 1))) return true;
  }
  while (true) {
    const std::string_view part = Take(text, [](char c) { return !IsSeparator(c); });
    if (!IsReadablePart(part)) return true;
    if (text.empty()) return false;
    text.remove_prefix(1);
  }
}

// After a dot: webpack lets its users choose the length of a hash, 8 and more are common.
bool IsDottedHash(std::string_view part) {
  constexpr size_t kLongest = 64;
  const bool is_hex = part.size() >= 8 && part.size() <= kLongest && AllOf(part, IsHex);
  return (is_hex && !IsDate(part)) || IsRandom(part);
}

// After a hyphen or alone: only the lengths of the usual functions, and with both digits and
// letters.
bool IsHexHash(std::string_view part) {
  constexpr size_t kLengths[] = {8, 16, 20, 32, 40, 64};
  return std::ranges::find(kLengths, part.size()) != std::end(kLengths) && AllOf(part, IsHex) &&
         AnyOf(part, IsDigit) && AnyOf(part, IsLetter);
}

// Next, SvelteKit and Nuxt give everything in these folders a new path with new content, in
// whatever form. Nuxt's builds/ names the newest build.
bool IsInHashedFolder(std::string_view path) {
  constexpr std::string_view kFolders[] = {"_next/static/", "_app/immutable/", "_nuxt/"};
  constexpr std::string_view kMutable[] = {"_nuxt/builds/", "_next/static/development/"};
  const auto has = [path](std::string_view folder) {
    for (size_t i = path.find(folder); i != std::string_view::npos; i = path.find(folder, i + 1)) {
      if ((i == 0 || path[i - 1] == '/') && i + folder.size() < path.size()) return true;
    }
    return false;
  };
  return std::ranges::any_of(kFolders, has) && std::ranges::none_of(kMutable, has) &&
         !path.ends_with(".html") && !path.ends_with('/');
}

// Vite's hashes may themselves contain hyphens.
bool EndsInHash(std::string_view part) {
  const size_t hyphen = part.rfind('-');
  if (hyphen != std::string_view::npos && IsHexHash(part.substr(hyphen + 1))) return true;
  if (part.size() < kViteLength + 2 || part[part.size() - kViteLength - 1] != '-') return false;
  return IsRandom(part.substr(part.size() - kViteLength));
}

}  // namespace

bool HasContentHash(std::string_view path) {
  if (IsInHashedFolder(path)) return true;
  const bool in_immutable = path.starts_with("immutable/") ||
                            path.find("/immutable/") != std::string_view::npos;  // SvelteKit
  std::string_view name = path.substr(path.rfind('/') + 1);
  const size_t extension = name.rfind('.');
  if (extension == std::string_view::npos) return false;
  name = name.substr(0, extension);
  const std::string_view first = name.substr(0, name.find('.'));
  if (IsHexHash(first) || EndsInHash(first)) return true;
  if (in_immutable && IsRandom(first)) return true;
  name.remove_prefix(first.size());
  while (!name.empty()) {
    name.remove_prefix(1);
    const std::string_view part = name.substr(0, name.find('.'));
    if (IsDottedHash(part) || EndsInHash(part)) return true;
    name.remove_prefix(part.size());
  }
  return false;
}

}  // namespace kiosk
