#include "store/file_name.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

namespace kiosk {
namespace {

constexpr size_t kMaxBytes = 64;  // with suffixes such as ".db-wal" well below any system's limit

// Takes a character off the front of `text`; what is no UTF-8 becomes a control character.
uint32_t TakeCharacter(std::string_view& text, std::string_view& bytes) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  bytes = text.substr(0, std::max<size_t>(length, 1));
  const bool is_valid = length > 0 && bytes.size() == length && lead < 0xF8 &&
                        std::ranges::all_of(bytes.substr(1), continues);
  if (!is_valid) bytes = bytes.substr(0, 1);
  text.remove_prefix(bytes.size());
  if (!is_valid || length == 1) return is_valid ? lead : 0;
  uint32_t character = lead & (0x7Fu >> length);
  for (const char c : bytes.substr(1)) {
    character = character << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  }
  return character;
}

// Beyond ASCII all but the blocks of signs counts as letters.
bool MayStay(uint32_t character) {
  constexpr std::pair<uint32_t, uint32_t> kOthers[] = {
      {0x00, 0x1F},       {0x21, 0x2C},     {0x2E, 0x2F},     {0x3A, 0x40},
      {0x5B, 0x5E},       {0x60, 0x60},     {0x7B, 0xA9},     {0xAB, 0xB4},
      {0xB6, 0xB9},       {0xBB, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},
      {0x2000, 0x2BFF},   {0x2E00, 0x2E7F}, {0x3000, 0x3004}, {0x3008, 0x3020},
      {0xD800, 0xF8FF},   {0xFE00, 0xFE6F}, {0xFF00, 0xFF0F}, {0xFF1A, 0xFF20},
      {0xFF3B, 0xFF40},   {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF},
      {0xE0000, 0xFFFFFF}};
  return std::ranges::none_of(kOthers, [character](const auto& block) {
    return block.first <= character && character <= block.second;
  });
}

// Windows takes these for devices, whatever follows after a dot.
bool IsReserved(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  constexpr std::string_view kDevices[] = {"CON", "PRN", "AUX", "NUL"};
  if (std::ranges::find(kDevices, upper) != std::end(kDevices)) return true;
  return upper.size() == 4 && (upper.starts_with("COM") || upper.starts_with("LPT")) &&
         upper[3] >= '0' && upper[3] <= '9';
}

}  // namespace

std::string FileNameOf(std::string_view name) {
  std::string file_name;
  while (!name.empty()) {
    std::string_view bytes;
    if (!MayStay(TakeCharacter(name, bytes))) bytes = "-";
    if (file_name.size() + bytes.size() > kMaxBytes) break;
    file_name += bytes;
  }
  if (file_name.empty() || IsReserved(file_name)) file_name += '-';
  return file_name;
}

}  // namespace kiosk
