#include "store/lineage.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "store/file_descriptor.h"

namespace kiosk::lineage {
namespace {

constexpr char kRandomId[] = "SELECT randomblob(16)";
constexpr char kPages[] = R"(
  SELECT mark.rootpage, anchor.rootpage
  FROM sqlite_schema AS mark, sqlite_schema AS anchor
  WHERE mark.name = 'lineage' AND anchor.name = 'lineage_anchor')";
constexpr char kFindMark[] = "SELECT mark FROM lineage";
constexpr char kReplaceMark[] =
    "INSERT OR REPLACE INTO lineage (only_row, mark) VALUES (1, CAST(? AS BLOB))";
constexpr char kUpdateMark[] = "UPDATE lineage SET mark = CAST(? AS BLOB)";
constexpr char kReplaceAnchor[] =
    "INSERT OR REPLACE INTO lineage_anchor (only_row, id) VALUES (1, CAST(? AS BLOB))";

constexpr size_t kNumber = 8;  // bytes of a generation
constexpr size_t kMarkSize = kNumber + std::tuple_size_v<Id> + kNumber;

uint64_t NumberAt(std::string_view bytes, size_t offset, size_t size) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return number;
}

uint32_t WordAt(std::string_view bytes, size_t offset) {
  return static_cast<uint32_t>(NumberAt(bytes, offset, 4));
}

std::string NumberBytes(uint64_t number) {
  std::string bytes;
  for (size_t i = kNumber; i > 0; --i) bytes += static_cast<char>(number >> (8 * (i - 1)) & 0xff);
  return bytes;
}

std::string IdBytes(const Id& id) { return {id.begin(), id.end()}; }

// The generation is in front and behind: a half-written mark is no mark.
std::string MarkBytes(const Mark& mark) {
  const std::string generation = NumberBytes(mark.generation);
  return generation + IdBytes(mark.id) + generation;
}

Id IdIn(std::string_view bytes) {
  Id id{};
  std::copy_n(bytes.begin(), id.size(), id.begin());
  return id;
}

std::optional<Mark> MarkFrom(std::string_view bytes) {
  if (bytes.size() != kMarkSize) return std::nullopt;
  const uint64_t generation = NumberAt(bytes, 0, kNumber);
  if (NumberAt(bytes, kMarkSize - kNumber, kNumber) != generation) return std::nullopt;
  return Mark{IdIn(bytes.substr(kNumber)), generation};
}

// The blob of `size` bytes of the only row (1, blob) of a table whose root is this page (SQLite
// file format, sections 1.6 and 2.1).
std::optional<std::string_view> OnlyBlob(std::string_view page, size_t size) {
  constexpr size_t kPageHeader = 8;
  constexpr size_t kCellHeader = 5;
  constexpr char kLeafOfTable = 0x0d;
  if (page.size() < 512 || page[0] != kLeafOfTable || NumberAt(page, 3, 2) != 1) {
    return std::nullopt;
  }
  const size_t cell = NumberAt(page, kPageHeader, 2);
  if (cell + kCellHeader + size > page.size()) return std::nullopt;
  const std::array<char, kCellHeader> header = {
      static_cast<char>(3 + size),        // of the payload
      1,                                  // the row
      3,                                  // bytes of the record's header
      0,                                  // the row's number is not stored twice
      static_cast<char>(12 + 2 * size)};  // a blob of this size
  if (std::memcmp(page.data() + cell, header.data(), kCellHeader) != 0) return std::nullopt;
  return page.substr(cell + kCellHeader, size);
}

// The bytes of a page; fewer if the file ends in it.
std::string ReadAt(int fd, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::pread(fd, bytes.data(), size, static_cast<off_t>(offset));
  bytes.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return bytes;
}

// What of the lineage the committed transactions of a WAL hold.
struct Wal {
  size_t page_size = 0;
  std::vector<Mark> marks;  // the oldest first
  bool has_anchor = false;
  bool has_commit = false;
};

// The checksum of a WAL, cumulative (SQLite file format, section 4.2).
class Checksum {
 public:
  explicit Checksum(bool big_endian) : big_endian_(big_endian) {}
  void Add(std::string_view bytes) {
    for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first_ += Word(bytes, i) + second_;
      second_ += Word(bytes, i + 4) + first_;
    }
  }
  [[nodiscard]] bool Is(std::string_view bytes, size_t offset) const {
    return WordAt(bytes, offset) == first_ && WordAt(bytes, offset + 4) == second_;
  }

 private:
  [[nodiscard]] uint32_t Word(std::string_view bytes, size_t offset) const {
    const uint32_t word = WordAt(bytes, offset);
    return big_endian_ ? word : __builtin_bswap32(word);
  }

  bool big_endian_;
  uint32_t first_ = 0;
  uint32_t second_ = 0;
};

// As SQLite recovers it: up to the last commit before the first frame that is not whole.
std::optional<Wal> ReadWal(const std::string& path) {
  constexpr uint32_t kMagic = 0x377f0682;
  constexpr size_t kHeader = 32;
  constexpr size_t kFrameHeader = 24;
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return std::nullopt;
  const std::string head = ReadAt(fd.get(), 0, kHeader);
  const std::string_view header = head;
  if (header.size() < kHeader || (WordAt(header, 0) & ~1U) != kMagic) return std::nullopt;
  Checksum checksum((WordAt(header, 0) & 1U) != 0);
  checksum.Add(header.substr(0, 24));
  Wal committed;
  committed.page_size = WordAt(header, 8);
  const size_t size = committed.page_size;
  if (!checksum.Is(header, 24) || size < 512 || size > 65536) return std::nullopt;
  Wal wal = committed;
  for (uint64_t offset = kHeader;; offset += kFrameHeader + size) {
    const std::string frame = ReadAt(fd.get(), offset, kFrameHeader + size);
    const std::string_view bytes = frame;
    if (frame.size() < kFrameHeader + size) break;
    checksum.Add(bytes.substr(0, 8));
    checksum.Add(bytes.substr(kFrameHeader));
    if (bytes.substr(8, 8) != header.substr(16, 8) || !checksum.Is(bytes, 16)) {
      break;
    }
    const uint32_t page = WordAt(bytes, 0);
    if (page == kAnchorPage) wal.has_anchor = true;
    if (page == kMarkPage) {
      if (const auto mark = MarkIn(bytes.substr(kFrameHeader))) wal.marks.push_back(*mark);
    }
    const bool commits = WordAt(bytes, 4) != 0;
    if (!commits) continue;
    wal.has_commit = true;
    committed = wal;
  }
  return committed;
}

}  // namespace

std::optional<Mark> MarkIn(std::string_view page) {
  const auto bytes = OnlyBlob(page, kMarkSize);
  return bytes ? MarkFrom(*bytes) : std::nullopt;
}

std::optional<Id> AnchorIn(std::string_view page) {
  const auto bytes = OnlyBlob(page, std::tuple_size_v<Id>);
  return bytes ? std::optional(IdIn(*bytes)) : std::nullopt;
}

void Renew(Database& db) {
  Id id{};
  {
    Query row = db.Run(kRandomId);
    row.Step();
    id = IdIn(row.TextView(0));
  }
  db.Execute(kReplaceAnchor, IdBytes(id));
  db.Execute(kReplaceMark, MarkBytes({id, 1}));
}

std::optional<Mark> Find(Database& db) {
  Query pages = db.Run(kPages);
  if (!pages.Step() || pages.Int(0) != kMarkPage || pages.Int(1) != kAnchorPage) {
    return std::nullopt;
  }
  Query row = db.Run(kFindMark);
  return row.Step() ? MarkFrom(row.TextView(0)) : std::nullopt;
}

void Write(Database& db, const Mark& mark) { db.Execute(kUpdateMark, MarkBytes(mark)); }

void Continue(Database& staged, Database& live) {
  const auto mark = Find(live);
  if (!mark) return;
  staged.Execute(kReplaceAnchor, IdBytes(mark->id));
  staged.Execute(kReplaceMark, MarkBytes({mark->id, mark->generation + 1}));
}

bool IsForeignWal(int database_fd, const std::string& wal_path) {
  // The WAL first: a server that writes meanwhile only moves the file ahead of it.
  const auto wal = ReadWal(wal_path);
  if (!wal || wal->marks.empty()) return false;
  const auto page = [&](uint32_t number) {
    return ReadAt(database_fd, uint64_t{number - 1} * wal->page_size, wal->page_size);
  };
  // A page that is not in the WAL is not written by its checkpoints either, so it cannot be torn.
  if (!wal->has_anchor && AnchorIn(page(kAnchorPage)) != wal->marks.back().id) return true;
  const auto mark = MarkIn(page(kMarkPage));
  if (!mark) return false;  // torn while it was written
  const auto first = std::ranges::find(wal->marks, mark->id, &Mark::id);
  if (first == wal->marks.end()) return true;
  // A WAL begins with the generation after the file's, and a file is never ahead of its WAL.
  return mark->generation + 1 < first->generation ||
         (mark->id == wal->marks.back().id && mark->generation > wal->marks.back().generation);
}

bool HoldsCommit(const std::string& wal_path) {
  const auto wal = ReadWal(wal_path);
  return wal && wal->has_commit;
}

}  // namespace kiosk::lineage
