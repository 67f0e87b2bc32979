#include "store/pack.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>
#include <vector>

#include "store/folder.h"
#include "store/store.h"

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
constexpr char kFindOption[] = "SELECT value FROM packed.pack_options WHERE name = ?";
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

uint64_t Hash(std::string_view bytes) { return std::hash<std::string_view>{}(bytes); }

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

// A pack may take the place of an executable, an older one of its name; of nothing else.
bool IsExecutable(const std::string& path) {
  if (!fs::is_regular_file(path)) return false;  // reading a pipe would wait
  std::array<char, 4> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  return std::string_view(magic.data(), magic.size()) == "\177ELF";
}

// Writes where the pack stands into the slot of the executable's bytes.
void FillSlot(std::string& executable, size_t offset, std::string_view pack) {
  const std::string_view mark(embedded::Slot().mark, sizeof embedded::PackSlot::mark);
  const size_t at = executable.find(mark);
  if (at == std::string::npos || executable.find(mark, at + 1) != std::string::npos) {
    throw PackError("this executable cannot be packed: its place for a pack was not found");
  }
  embedded::PackSlot slot = embedded::Slot();
  slot.offset = offset;
  slot.size = pack.size();
  slot.hash = Hash(pack);
  std::memcpy(executable.data() + at, &slot, sizeof slot);
}

// Adds the files of the last of `folders`, which begin with the root and lead there, under paths
// that begin with `prefix`. As in serving a folder, links are followed unless they leave the root.
void AddFiles(Database& db, std::vector<fs::path>& folders, const std::string& prefix) {
  for (const auto& entry : fs::directory_iterator(folders.back())) {
    std::error_code missing;
    const fs::path file = fs::canonical(entry.path(), missing);
    if (missing || !LiesIn(folders.front(), file)) continue;
    const std::string path = prefix + entry.path().filename().string();
    if (fs::is_regular_file(file)) {
      db.Execute(kInsertFile, path, ReadWholeFile(file.string()));
    } else if (fs::is_directory(file) && std::ranges::find(folders, file) == folders.end()) {
      folders.push_back(file);
      AddFiles(db, folders, path + "/");
      folders.pop_back();
    }
  }
}

void AddFolder(Database& db, const std::string& folder) {
  if (!fs::is_regular_file(fs::path(folder) / "index.html")) {
    throw PackError("cannot pack the frontend " + folder +
                    ": it has no index.html; give --frontend the folder of a build");
  }
  std::vector<fs::path> folders{fs::canonical(folder)};
  AddFiles(db, folders, "");
}

// A new folder beside `target`, removed with what is in it when it goes out of scope.
class Workshop {
 public:
  explicit Workshop(const std::string& target) : path_(target + ".XXXXXX") {
    if (!::mkdtemp(path_.data())) {
      throw PackError("cannot write " + target + ": " + std::generic_category().message(errno) +
                      "; choose another place with -o");
    }
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  [[nodiscard]] std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The bytes of the database that the new executable carries; `path` is where it may be built.
std::string BuildImage(const std::string& path, const PackOrder& order) {
  if (order.origin) {
    CreateDatabase(path, *order.origin);
  } else {
    CopyDatabase(order.database_file, path);
  }
  {
    Database db(path, Database::Mode::kReadWrite);
    if (order.present) db.AttachImage(order.present->image().bytes);
    db.Execute(kNoWriteAhead);
    db.ExecuteScript(kTables);
    Transaction transaction(db, Transaction::Kind::kWrite);
    db.Execute(kInsertOption, std::string_view("name"), order.name);
    if (order.port) {
      db.Execute(kInsertOption, std::string_view("port"), std::to_string(*order.port));
    }
    if (order.frontend_folder) {
      AddFolder(db, *order.frontend_folder);
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

std::unique_ptr<Pack> Pack::OfThisExecutable() {
  const embedded::PackSlot& slot = embedded::Slot();
  return slot.size == 0 ? nullptr : In(ExecutablePath(), slot);
}

std::unique_ptr<Pack> Pack::In(const std::string& path, const embedded::PackSlot& slot) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw PackError("cannot read this executable's own file, which carries a pack");
  struct stat status {};
  const bool is_whole =
      ::fstat(fd, &status) == 0 && static_cast<uint64_t>(status.st_size) == slot.offset + slot.size;
  // SQLite mends a header that tells a wrong size where it stands: in a copy of the page, then.
  void* const mapped = is_whole ? ::mmap(nullptr, slot.size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
                                         fd, static_cast<off_t>(slot.offset))
                                : MAP_FAILED;
  ::close(fd);
  if (!is_whole) RefuseDamaged();
  if (mapped == MAP_FAILED) throw PackError("cannot map this executable");
  ::madvise(mapped, slot.size, MADV_WILLNEED);  // all of it is read at once, for its hash
  std::unique_ptr<Pack> pack(new Pack({static_cast<const char*>(mapped), slot.size}));
  if (Hash(pack->bytes_) != slot.hash) RefuseDamaged();
  pack->database_ = std::make_unique<Database>(":memory:", Database::Mode::kCreate);
  pack->database_->AttachImage(pack->bytes_);
  return pack;
}

Pack::Pack(std::string_view mapped) : bytes_(mapped) {}

Pack::~Pack() {
  database_.reset();
  ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

std::optional<std::string> Pack::Option(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  Query row = database_->Run(kFindOption, name);
  return row.Step() ? std::optional(row.Text(0)) : std::nullopt;
}

std::optional<int> Pack::port() const {
  const auto text = Option("port");
  if (!text) return std::nullopt;
  return std::stoi(*text);
}

int64_t Pack::file_count() const {
  const std::scoped_lock lock(mutex_);
  Query row = database_->Run(kCountFiles);
  row.Step();
  return row.Int(0);
}

std::optional<std::string> Pack::ReadFile(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  Query row = database_->Run(kFindFile, path);
  return row.Step() ? std::optional(row.Text(0)) : std::nullopt;
}

void WritePack(const std::string& target, const PackOrder& order) {
  if (fs::exists(target) && !IsExecutable(target)) {
    throw PackError("cannot write " + target +
                    ": it exists and is not an executable; choose another name with -o");
  }
  const Workshop workshop(target);
  std::string executable = ReadBareExecutable();
  const std::string image = BuildImage(workshop.File("pack"), order);
  const size_t offset = (executable.size() + kLargestPage - 1) / kLargestPage * kLargestPage;
  FillSlot(executable, offset, image);
  executable.resize(offset);
  WriteExecutable(workshop.File("executable"), executable, image);
  fs::rename(workshop.File("executable"), target);
}

}  // namespace kiosk
