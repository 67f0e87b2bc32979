#include "store/pack.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "store/folder.h"
#include "store/migrate.h"
#include "store/store.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ MADV_WILLNEED  // a C library before 2.35
#endif

namespace kiosk {
namespace {

namespace fs = std::filesystem;

// Mapping begins at a page; machines have them of 4 to 64 KiB.
constexpr size_t kLargestPage = 65536;

constexpr char kTables[] = R"(
  CREATE TABLE pack_options (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE pack_files (path TEXT PRIMARY KEY, content NOT NULL);)";
constexpr char kInsertOption[] = "INSERT INTO pack_options (name, value) VALUES (?, ?)";
constexpr char kInsertFile[] = "INSERT INTO pack_files (path, content) VALUES (?, ?)";
constexpr char kCopyFiles[] = "INSERT INTO pack_files SELECT * FROM packed.pack_files";
constexpr char kFindName[] = "SELECT value FROM packed.pack_options WHERE name = 'name'";
constexpr char kListOptions[] =
    "SELECT name, value FROM packed.pack_options WHERE name <> 'name' ORDER BY name";
constexpr char kFindFile[] = "SELECT content FROM packed.pack_files WHERE path = ?";
constexpr char kCountFiles[] = "SELECT count(*) FROM packed.pack_files";
// An image is read in place, which a write-ahead log does not allow.
constexpr char kNoWriteAhead[] = "PRAGMA journal_mode = DELETE";
constexpr char kVacuum[] = "VACUUM";

// The file of the running executable, also where there is no /proc.
std::string ExecutablePath() {
  constexpr char kLink[] = "/proc/self/exe";
  if (::access(kLink, R_OK) == 0) return kLink;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands over a pointer as a number
  return reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
}

// The same on every machine. It reads 8 bytes at a time, four times in parallel: each start of a
// demo reads all of the file.
uint64_t Digest(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;
  const auto mix = [](uint64_t state, uint64_t word) {
    return std::rotl((state ^ word) * kFactor, 31);
  };
  std::array<uint64_t, 4> lanes{seed, seed + 1, seed + 2, seed + 3};
  uint64_t digest = bytes.size();
  for (; bytes.size() >= sizeof lanes; bytes.remove_prefix(sizeof lanes)) {
    std::array<uint64_t, 4> words;
    std::memcpy(words.data(), bytes.data(), sizeof words);
    for (size_t i = 0; i < lanes.size(); ++i) {
      if constexpr (std::endian::native == std::endian::big) words[i] = __builtin_bswap64(words[i]);
      lanes[i] = mix(lanes[i], words[i]);
    }
  }
  for (const uint64_t lane : lanes) digest = mix(digest, lane);
  for (const char c : bytes) digest = mix(digest, static_cast<unsigned char>(c));
  return digest ^ digest >> 29;
}

std::string_view SlotMark() { return {embedded::Slot().mark, sizeof embedded::PackSlot::mark}; }

std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw PackError("cannot read " + path);
  return content;
}

[[noreturn]] void RefuseDamaged() {
  throw PackError(
      "this executable carries a pack that is damaged or cut off; copy it again from where it "
      "came");
}

// The executable without the pack that it may carry.
std::string ReadBareExecutable() {
  std::string executable = ReadWholeFile(ExecutablePath());
  if (embedded::Slot().size > 0) executable.resize(embedded::Slot().offset);
  return executable;
}

// The slot in the bytes of an executable that carries a demo.
std::optional<embedded::PackSlot> FindSlot(std::string_view file) {
  embedded::PackSlot slot{};
  const size_t at = file.starts_with("\177ELF") ? file.find(SlotMark()) : std::string_view::npos;
  if (at == std::string_view::npos || file.size() - at < sizeof slot) return std::nullopt;
  std::memcpy(&slot, file.data() + at, sizeof slot);
  return slot.size == 0 ? std::nullopt : std::optional(slot);
}

// Why there is something at `path` that a demo of that name must not replace; empty if it may.
std::string ReasonToKeep(const std::string& path, const std::string& name) {
  std::error_code missing;
  const fs::file_status status = fs::symlink_status(path, missing);
  if (!fs::exists(status)) return "";
  if (fs::is_symlink(status)) return "it is a link";
  if (fs::is_directory(status)) return "it is a folder";
  if (!fs::is_regular_file(status)) return "it is not a plain file";  // reading a pipe would wait
  const auto slot = FindSlot(ReadWholeFile(path));
  if (fs::equivalent(path, ExecutablePath(), missing) && !slot) return "it is this program itself";
  if (!slot) return "it is not a demo";
  try {
    const std::string present = Pack::In(path, *slot)->name();
    return present == name ? "" : "it is the demo \"" + present + "\"";
  } catch (const std::exception&) {
    return "it is not a whole demo";
  }
}

void CheckMayWrite(const std::string& path, const std::string& name) {
  const std::string reason = ReasonToKeep(path, name);
  if (reason.empty()) return;
  throw PackError("cannot write " + path + ": " + reason +
                  ", and only an earlier demo of the same name is replaced; choose another name "
                  "with -o");
}

// Writes into the slot of the executable's bytes where the pack behind them is.
void FillSlot(std::string& executable, std::string_view pack) {
  const size_t at = executable.find(SlotMark());
  if (at == std::string::npos || executable.find(SlotMark(), at + 1) != std::string::npos) {
    throw PackError("this executable cannot be packed: its place for a pack was not found");
  }
  embedded::PackSlot slot = embedded::Slot();
  slot.offset = executable.size();
  slot.size = pack.size();
  std::memcpy(executable.data() + at, &slot, sizeof slot);
  slot.hash = DemoChecksum(executable, pack);
  std::memcpy(executable.data() + at, &slot, sizeof slot);
}

std::string_view ReasonToLeaveOut(Folder::Kind kind) {
  switch (kind) {
    case Folder::Kind::kHidden:
      return "a name that starts with a dot";
    case Folder::Kind::kOutside:
      return "a link that leads out of the folder";
    case Folder::Kind::kProtected:
      return "the database, or another file that kiosk works with";
    case Folder::Kind::kSpecial:
      return "not a file";
    default:
      return "a link that leads nowhere, or back to a folder that it is in";
  }
}

// Adds the files of a frontend, as they are served.
class FolderPacker {
 public:
  FolderPacker(Database& db, const std::string& path, const IsProtected& is_protected)
      : db_(db), path_(path), folder_(path, is_protected) {}

  // `passed_over` is a name that is not worth mentioning.
  std::vector<std::string> AddAll(const std::string& passed_over) {
    if (folder_.KindOf("index.html") != Folder::Kind::kFile) {
      throw PackError("cannot pack the frontend " + path_ + ": " + WhyNoBuild(path_) +
                      "; give --frontend the folder of a build");
    }
    passed_over_ = passed_over;
    AddFolder("");
    return std::move(left_out_);
  }

 private:
  void AddFolder(const std::string& path) {
    const auto id = folder_.IdOf(path);
    if (!id) return;  // it was removed meanwhile
    parents_.push_back(*id);
    for (const std::string& name : folder_.Names(path)) {
      std::string below = path;
      if (!below.empty()) below += '/';
      if (name != passed_over_) Add(below.append(name));
    }
    parents_.pop_back();
  }

  void Add(const std::string& path) {
    const Folder::Kind kind = folder_.KindOf(path);
    const auto id = folder_.IdOf(path);
    if (kind == Folder::Kind::kFile) {
      const auto content = folder_.Read(path);
      if (!content) throw PackError("cannot read " + path_ + "/" + path);
      db_.Execute(kInsertFile, path, *content);
    } else if (id && std::ranges::find(parents_, *id) == parents_.end()) {
      AddFolder(path);
    } else {
      left_out_.push_back(path + ": " + std::string(ReasonToLeaveOut(kind)));
    }
  }

  Database& db_;
  const std::string& path_;
  Folder folder_;
  std::string passed_over_;
  std::vector<FileId> parents_;  // a link to one of them would never end
  std::vector<std::string> left_out_;
};

// A new folder next to `target`, removed with what is in it when it goes out of scope.
class Workshop {
 public:
  explicit Workshop(const std::string& target)
      : path_((fs::path(target).parent_path() / ".kiosk-pack-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) {
      throw PackError("cannot write " + target + ": " + std::generic_category().message(errno) +
                      "; choose another place with -o");
    }
  }
  ~Workshop() {
    // By name: reading the folder takes a descriptor, and there may be none.
    for (const char* file : {"pack", "pack-journal", "pack-wal", "pack-shm", "executable"}) {
      ::unlink(File(file).c_str());
    }
    ::rmdir(path_.c_str());
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  [[nodiscard]] std::string File(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::string name() const { return fs::path(path_).filename().string(); }

 private:
  std::string path_;
};

// The bytes of the database that the new executable carries. `left_out` becomes what of the
// frontend is not in it.
std::string BuildImage(const Workshop& workshop, const PackOrder& order,
                       std::vector<std::string>& left_out) {
  const std::string path = workshop.File("pack");
  if (order.origin) {
    CreateDatabase(path, *order.origin);
  } else {
    CopyDatabase(order.database_file, path);
    const std::string why = MigrateCopy(path);
    if (!why.empty()) throw PackError("cannot pack " + order.database_file + ": " + why);
  }
  {
    Database db(path, Database::Mode::kReadWrite);
    if (order.present) db.AttachImage(order.present->image().bytes);
    db.Execute(kNoWriteAhead);
    db.ExecuteScript(kTables);
    Transaction transaction(db, Transaction::Kind::kWrite);
    db.Execute(kInsertOption, std::string_view("name"), order.name);
    for (const auto& [name, value] : order.options) db.Execute(kInsertOption, name, value);
    if (order.frontend_folder) {
      FolderPacker packer(db, *order.frontend_folder, order.is_protected);
      left_out = packer.AddAll(workshop.name());
    } else if (order.present) {
      db.Execute(kCopyFiles);
    }
    transaction.Commit();
    db.Execute(kVacuum);
  }
  return ReadWholeFile(path);
}

void WriteExecutable(const std::string& path, std::string_view executable, std::string_view pack) {
  {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << executable << pack;
    if (!file.flush()) throw PackError("cannot write " + path + "; is the disk full?");
  }
  fs::permissions(path, fs::perms{0755});
}

}  // namespace

uint64_t DemoChecksum(std::string_view executable, std::string_view pack) {
  const size_t at = executable.find(SlotMark());
  const size_t hash =
      at == std::string_view::npos ? executable.size() : at + offsetof(embedded::PackSlot, hash);
  const size_t after = std::min(executable.size(), hash + sizeof embedded::PackSlot::hash);
  const uint64_t before = Digest(executable.substr(0, hash), 0);
  return Digest(pack, Digest(executable.substr(after), before));
}

std::unique_ptr<Pack> Pack::OfThisExecutable() {
  const embedded::PackSlot& slot = embedded::Slot();
  return slot.size == 0 ? nullptr : In(ExecutablePath(), slot);
}

std::unique_ptr<Pack> Pack::In(const std::string& path, const embedded::PackSlot& slot) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw PackError("cannot read this executable's own file, which carries a pack");
  struct stat status {};
  const bool is_whole = ::fstat(fd, &status) == 0 && slot.offset < slot.offset + slot.size &&
                        static_cast<uint64_t>(status.st_size) == slot.offset + slot.size;
  // SQLite corrects a header with a wrong size in place: in a copy of the page, then.
  void* const mapped = is_whole ? ::mmap(nullptr, slot.offset + slot.size, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE, fd, 0)
                                : MAP_FAILED;
  ::close(fd);
  if (!is_whole) RefuseDamaged();
  if (mapped == MAP_FAILED) throw PackError("cannot map this executable");
  const std::string_view file(static_cast<const char*>(mapped), slot.offset + slot.size);
  ::madvise(mapped, file.size(), MADV_POPULATE_READ);  // all of it is read for its checksum
  std::unique_ptr<Pack> pack(new Pack(file, slot.offset));
  if (DemoChecksum(file.substr(0, slot.offset), pack->bytes_) != slot.hash) RefuseDamaged();
  const MutexLock lock(pack->mutex_);
  pack->database_ = std::make_unique<Database>(":memory:", Database::Mode::kCreate);
  pack->database_->AttachImage(pack->bytes_);
  return pack;
}

Pack::Pack(std::string_view mapped, size_t offset)
    : mapped_(mapped), bytes_(mapped.substr(offset)) {}

Pack::~Pack() {
  database_.reset();
  ::munmap(const_cast<char*>(mapped_.data()), mapped_.size());
}

std::string Pack::name() const {
  const MutexLock lock(mutex_);
  Query row = database_->Run(kFindName);
  return row.Step() ? row.Text(0) : "kiosk";
}

std::map<std::string, std::string> Pack::options() const {
  const MutexLock lock(mutex_);
  std::map<std::string, std::string> options;
  for (Query row = database_->Run(kListOptions); row.Step();) options[row.Text(0)] = row.Text(1);
  return options;
}

int64_t Pack::file_count() const {
  const MutexLock lock(mutex_);
  Query row = database_->Run(kCountFiles);
  row.Step();
  return row.Int(0);
}

std::optional<std::string> Pack::ReadFile(const std::string& path) const {
  const MutexLock lock(mutex_);
  Query row = database_->Run(kFindFile, path);
  return row.Step() ? std::optional(row.Text(0)) : std::nullopt;
}

std::vector<std::string> WritePack(const std::string& target, const PackOrder& order) {
  CheckMayWrite(target, order.name);
  const Workshop workshop(target);
  std::string executable = ReadBareExecutable();
  std::vector<std::string> left_out;
  const std::string image = BuildImage(workshop, order, left_out);
  executable.resize((executable.size() + kLargestPage - 1) / kLargestPage * kLargestPage);
  FillSlot(executable, image);
  WriteExecutable(workshop.File("executable"), executable, image);
  CheckMayWrite(target, order.name);  // it may have appeared meanwhile
  fs::rename(workshop.File("executable"), target);
  return left_out;
}

}  // namespace kiosk
