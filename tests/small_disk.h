// A disk that is soon full, for a server or a command alone.
#pragma once

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/harness.h"

namespace kiosk::test {

constexpr uintmax_t kMiB = 1024 * 1024;
constexpr char kDiskFull[] =
    R"({"error":"insufficient_storage","message":"The disk is full; nothing was changed."})";

// Before a child process begins: mounts a disk of so many MiB on the folder `small` of its own
// folder. Others do not see it, and it is gone with the process.
template <int kSizeInMib>
void MountSmallDisk() {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(126);
  ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  const std::string size = "size=" + std::to_string(kSizeInMib) + "m";
  if (::mount("tmpfs", "small", "tmpfs", 0, size.c_str()) != 0) ::_exit(126);
}

// A server whose database is on a disk of 8 MiB.
class OnSmallDisk {
 public:
  OnSmallDisk() {
    std::filesystem::create_directory(folder_.File("small"));
    ChildOptions options;
    options.folder = folder_.path();
    options.before_exec = MountSmallDisk<8>;
    kiosk_.emplace(std::vector<std::string>{"--db", "small/kiosk.db", "--quiet"}, options);
  }
  [[nodiscard]] Kiosk& kiosk() { return *kiosk_; }
  [[nodiscard]] int port() const { return kiosk_->port(); }
  // A file on the small disk, as this process sees it while the server runs.
  [[nodiscard]] std::string File(const std::string& name) const {
    return "/proc/" + std::to_string(kiosk_->pid()) + "/root" + folder_.File("small/" + name);
  }
  // Leaves no free block.
  void Fill() const {
    std::ofstream file(File("filler"), std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void RemoveFiller() const { std::filesystem::remove(File("filler")); }

 private:
  TemporaryFolder folder_;
  std::optional<Kiosk> kiosk_;
};

// A backup of the server's database, which must be intact, and the value of a query on it.
inline std::string QueryBackup(int port, const std::string& sql) {
  const TemporaryFolder folder;
  const std::string copy = folder.File("copy.db");
  const Answer backup = Ask(port, "GET", "/_kiosk/backup");
  CHECK(backup.status == 200);
  WriteFile(copy, backup.body);
  CHECK(QueryFile(copy, "PRAGMA integrity_check") == "ok");
  return QueryFile(copy, sql);
}

}  // namespace kiosk::test
