#include "store/temporary_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "store/database_path.h"
#include "store/file_descriptor.h"
#include "store/wal_check.h"

namespace kiosk {
namespace {

// The longest first.
constexpr std::array<const char*, 3> kCompanions = {"-journal", "-wal", "-shm"};

// What a signal handler can read: plain text at a fixed place.
struct Slot {
  std::atomic<bool> is_taken = false;
  std::atomic<bool> is_set = false;
  std::array<char, 4096> path{};  // with room for the longest companion
  size_t length = 0;
};
std::array<Slot, 8> g_slots;

int TakeSlot(const std::string& path) {
  for (size_t i = 0; i < g_slots.size(); ++i) {
    if (path.size() + std::strlen(kCompanions[0]) >= g_slots[i].path.size()) break;
    if (g_slots[i].is_taken.exchange(true)) continue;
    std::memcpy(g_slots[i].path.data(), path.c_str(), path.size() + 1);
    g_slots[i].length = path.size();
    g_slots[i].is_set = true;
    return static_cast<int>(i);
  }
  return -1;
}

void GiveBackSlot(int slot) {
  if (slot < 0) return;
  g_slots[static_cast<size_t>(slot)].is_set = false;
  g_slots[static_cast<size_t>(slot)].is_taken = false;
}

void RemoveAndEnd(int signal) {
  for (Slot& slot : g_slots) {
    if (!slot.is_set) continue;
    ::unlink(slot.path.data());
    for (const char* companion : kCompanions) {
      std::memcpy(slot.path.data() + slot.length, companion, std::strlen(companion) + 1);
      ::unlink(slot.path.data());
    }
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

TemporaryFile::TemporaryFile(const std::string& path, const std::string& advice)
    : path_(path + ".XXXXXX") {
  CheckPlainFile(path);
  const FileDescriptor fd(::mkostemp(path_.data(), O_CLOEXEC));
  if (!fd.valid()) Refuse(path, Reason(errno) + "; " + advice);
  ::fchmod(fd.get(), 0644);
  slot_ = TakeSlot(path_);
}

TemporaryFile::~TemporaryFile() {
  ::unlink(path_.c_str());
  for (const char* companion : kCompanions) ::unlink((path_ + companion).c_str());
  GiveBackSlot(slot_);
}

bool TemporaryFile::MoveTo(const std::string& path) const {
  {
    const FileDescriptor fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0) Refuse(path, Reason(errno));
  }
  struct stat present {};
  if (::stat(path.c_str(), &present) == 0 && present.st_size > 0) return false;
  CheckNoWal(path);
  // What else a database of this name left behind when it was deleted is not this one's.
  for (const char* companion : kCompanions) ::unlink((path + companion).c_str());
  if (::rename(path_.c_str(), path.c_str()) != 0) Refuse(path, Reason(errno));
  SyncFolderOf(path);
  return true;
}

void TemporaryFile::RemoveOnSignals() {
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) std::signal(signal, RemoveAndEnd);
}

int OpenFolderOf(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void SyncFolderOf(const std::string& path) {
  const FileDescriptor fd(OpenFolderOf(path));
  if (fd.valid()) ::fsync(fd.get());
}

}  // namespace kiosk
