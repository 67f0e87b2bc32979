// Packs: whatever stands where an executable's pack should be is refused or read. The input damages
// a sound pack, for random bytes would seldom get past SQLite's header:
//   one byte: bit 0 leaves the hash wrong, bit 1 moves the slot;
//   two bytes: how much is cut off the end (of 65,536ths);
//   then three bytes for each change: two for where (again a share), one for the new byte.
// Or the whole image is the input itself, when it begins as SQLite's files do.
#include "store/pack.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "http/seed_reader.h"
#include "store/benefits.h"
#include "store/desk.h"
#include "store/desk_list.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"

namespace kiosk::fuzz {
namespace {

namespace fs = std::filesystem;

Seed BuiltIn() { return std::get<Seed>(ReadSeed(embedded::Seed(), kNow)); }

std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The image out of an executable as `kiosk pack` writes it.
std::string MakeImage() {
  std::string folder = (fs::temp_directory_path() / "kiosk-fuzz-XXXXXX").string();
  Require(::mkdtemp(folder.data()) != nullptr, "there is a temporary folder");
  fs::create_directory(folder + "/build");
  std::ofstream(folder + "/build/index.html") << "<h1>Acme</h1>";
  PackOrder order;
  order.frontend_folder = folder + "/build";
  order.origin = BuiltIn();
  order.name = "acme";
  order.options["port"] = "4100";
  const std::string target = folder + "/packed";
  WritePack(target, order);
  const std::string executable = ReadWholeFile(target);
  fs::remove_all(folder);
  embedded::PackSlot slot{};
  const std::string_view mark(embedded::Slot().mark, sizeof slot.mark);
  std::memcpy(&slot, executable.data() + executable.find(mark), sizeof slot);
  return executable.substr(slot.offset, slot.size);
}

// A file in memory that holds `bytes`, under a name.
class File {
 public:
  explicit File(std::string_view bytes) : fd_(::memfd_create("pack", MFD_CLOEXEC)) {
    Require(fd_ >= 0, "there is a file in memory");
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    Require(written == static_cast<ssize_t>(bytes.size()), "a file in memory can be written");
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool AtEnd() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  // A share of `whole`.
  size_t Share(size_t whole) {
    const size_t high = Byte();
    return (high * 256 + Byte()) * whole / 65536;
  }

 private:
  std::string_view bytes_;
};

// Everything that starting and serving from a pack reads.
void Use(const Pack& pack) {
  static_cast<void>(pack.name());
  static_cast<void>(pack.options());
  if (pack.file_count() > 0) static_cast<void>(pack.ReadFile("index.html"));
  const auto store = Store::InMemory(pack.image());
  store->ResetTo(pack.image());
  store->Read([](Database& db) {
    static_cast<void>(benefits::ListProducts(db));
    static_cast<void>(desk::ListServices(db));
    static_cast<void>(desk::ListingReader(db, {}, desk::Direction::kAscending).Read(10));
    return SeedText(db);
  });
}

void Check(std::string_view bytes) {
  static const std::string kImage = MakeImage();
  std::string image;
  Input input(bytes);
  uint8_t switches = 0;
  if (bytes.starts_with("SQLite format 3")) {
    image = bytes;
  } else {
    switches = input.Byte();
    image = kImage;
    image.resize(image.size() - input.Share(image.size()));
    while (!input.AtEnd()) {
      const size_t at = input.Share(image.size());
      image[at] = static_cast<char>(input.Byte());
    }
  }
  embedded::PackSlot slot{};
  slot.size = image.size();
  slot.hash = DemoChecksum("", image);
  const bool is_sound = image == kImage && (switches & 3) == 0;
  if (switches & 1) slot.hash ^= 1;
  if (switches & 2) slot.offset -= 4096;
  const File file(image);
  try {
    Use(*Pack::In(file.path(), slot));
    Require((switches & 3) == 0, "a wrong hash or a wrong place is refused");
  } catch (const std::exception& refusal) {
    Require(!is_sound, "a sound pack is read", refusal.what());
  }
}

}  // namespace
}  // namespace kiosk::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kiosk::fuzz::Check(kiosk::fuzz::AsText(data, size));
  return 0;
}
