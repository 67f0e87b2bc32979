#include "store/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "store/parking.h"

namespace kiosk {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// A file whose last change is younger may be in the middle of being written.
constexpr milliseconds kSettled(40);
constexpr milliseconds kEmptySettled(250);  // an empty one was most likely just created
constexpr int kAttempts = 12;

constexpr size_t kLarge = 256 * 1024;  // reading more takes longer than a switch of threads

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

FileId IdOf(const struct stat& status) { return {status.st_dev, status.st_ino}; }

bool LiesIn(const fs::path& folder, const fs::path& file) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

// A handle on what is at `relative`, without opening it. Each name is looked up in the folder
// before it and no link is followed: a path that was resolved before cannot lead elsewhere
// meanwhile.
Descriptor OpenWithoutLinks(const fs::path& root, const fs::path& relative) {
  Descriptor at(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const fs::path& name : relative) {
    if (!at.is_open() || name == "..") return Descriptor();
    if (name == "." || name.empty()) continue;
    at = Descriptor(::openat(at.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }
  return at;
}

// Reads through a handle: the file that was looked at, and no other.
std::optional<std::string> ReadWhole(int handle, size_t size) {
  const std::string link = "/proc/self/fd/" + std::to_string(handle);
  const Descriptor file(::open(link.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return std::nullopt;
  std::string content(size + 1, '\0');  // one more byte tells that it has grown
  size_t length = 0;
  while (length < content.size()) {
    const ssize_t count = ::read(file.get(), content.data() + length, content.size() - length);
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    length += static_cast<size_t>(count);
  }
  if (length != size) return std::nullopt;
  content.resize(size);
  return content;
}

// How long to wait until a file is taken for written to its end; negative if it is.
milliseconds TimeToSettle(const struct stat& status) {
  using std::chrono::system_clock;
  const auto changed = std::chrono::seconds(status.st_ctim.tv_sec) +
                       std::chrono::nanoseconds(status.st_ctim.tv_nsec);
  const auto age =
      std::chrono::duration_cast<milliseconds>(system_clock::now().time_since_epoch() - changed);
  const milliseconds settled = status.st_size == 0 ? kEmptySettled : kSettled;
  if (age < milliseconds(-100)) return milliseconds(-1);  // the clock was set back since
  return settled - age;
}

bool IsSame(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size && before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
         before.st_ctim.tv_nsec == after.st_ctim.tv_nsec;
}

// Whether `file` is a former database or WAL that kiosk put next to `database` under another name.
bool IsSetAside(const fs::path& database, const FileId& file) {
  const std::string name = database.filename().string();
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(database.parent_path(), missing)) {
    const std::string candidate = entry.path().filename().string();
    if (!candidate.starts_with(name)) continue;
    std::string_view suffix = candidate;
    suffix.remove_prefix(name.size());
    const bool is_set_aside = suffix.starts_with(".before-restore-") ||
                              suffix.starts_with(".damaged-") || suffix.starts_with("-wal.orphan-");
    if (is_set_aside && FileIdOf(entry.path().string()) == file) return true;
  }
  return false;
}

}  // namespace

std::string WhyNoBuild(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return "there is no such folder";
  if (error) return error.message();
  return fs::is_directory(status) ? "it has no index.html" : "it is not a folder";
}

bool HasHiddenName(std::string_view path) {
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.starts_with('.') && name != ".well-known") return true;
    path.remove_prefix(std::min(path.size(), name.size() + 1));
  }
  return false;
}

bool BelongsToDatabase(const std::string& path, const FileId& file) {
  std::error_code missing;
  fs::path database = fs::canonical(path, missing);  // SQLite follows links before it adds suffixes
  if (missing) database = path;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    if (FileIdOf(database.string() + suffix) == file) return true;
  }
  return IsSetAside(database, file);
}

struct Folder::Found {
  Kind kind = Kind::kMissing;
  Descriptor handle = Descriptor();
  struct stat status = {};
  bool has_changed = false;  // between two looks at it
};

Folder::Folder(const std::string& path, IsProtected is_protected)
    : path_(fs::absolute(path)), is_protected_(std::move(is_protected)) {}

Folder::Found Folder::Find(const std::string& path) const {
  if (HasHiddenName(path)) return {Kind::kHidden};
  if (path.find('\0') != std::string::npos || path.starts_with('/') || path.ends_with('/') ||
      path.find("//") != std::string::npos) {
    return {};
  }
  std::error_code error;
  const fs::path root = fs::canonical(path_, error);
  if (error) return {};
  const fs::path file = fs::canonical(root / path, error);
  if (error) return {};
  if (!LiesIn(root, file)) return {Kind::kOutside};
  const fs::path relative = file.lexically_relative(root);
  if (relative != "." && HasHiddenName(relative.string())) return {Kind::kHidden};

  Found found{Kind::kMissing, OpenWithoutLinks(root, relative)};
  found.has_changed = !found.handle.is_open() || ::fstat(found.handle.get(), &found.status) != 0 ||
                      S_ISLNK(found.status.st_mode);
  if (found.has_changed) return found;
  if (is_protected_ && is_protected_(kiosk::IdOf(found.status))) {
    found.kind = Kind::kProtected;
  } else if (S_ISREG(found.status.st_mode)) {
    found.kind = Kind::kFile;
  } else if (S_ISDIR(found.status.st_mode)) {
    found.kind = Kind::kFolder;
  } else {
    found.kind = Kind::kSpecial;
  }
  return found;
}

Folder::Kind Folder::KindOf(const std::string& path) const { return Find(path).kind; }

std::optional<FileId> Folder::IdOf(const std::string& path) const {
  const Found found = Find(path);
  if (found.kind != Kind::kFolder) return std::nullopt;
  return kiosk::IdOf(found.status);
}

std::optional<std::string> Folder::Read(const std::string& path) const {
  for (int attempt = 1;; ++attempt) {
    const bool is_last = attempt == kAttempts;
    const Found found = Find(path);
    if (found.has_changed && !is_last) continue;
    if (found.kind != Kind::kFile) return std::nullopt;
    const milliseconds wait = TimeToSettle(found.status);
    if (wait > milliseconds(0) && !is_last) {
      SleepFor(wait);
      continue;
    }
    const auto size = static_cast<size_t>(found.status.st_size);
    std::optional<std::string> content;
    const auto read = [&] { content = ReadWhole(found.handle.get(), size); };
    size > kLarge ? RunAside(read) : read();
    struct stat after {};
    const bool is_whole = content && ::fstat(found.handle.get(), &after) == 0 &&
                          (is_last || IsSame(found.status, after));
    if (is_whole) return content;
    if (is_last) return std::nullopt;
  }
}

std::vector<std::string> Folder::Names(const std::string& path) const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ / path, error)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace kiosk
