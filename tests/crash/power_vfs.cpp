#include "tests/crash/power_vfs.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace kiosk::test {
namespace {

constexpr size_t kSector = 512;        // what a disk writes at once, or tears
constexpr int kReportedSector = 4096;  // as SQLite's own VFS reports it
constexpr char kName[] = "kiosk-power-disk";

}  // namespace

struct PowerDisk::Handle : sqlite3_file {
  PowerDisk* disk;
  File* file;
  int lock;
  int shared_slots;  // of the wal-index, one bit a slot
  int exclusive_slots;
};

// The callbacks of SQLite. Each takes the disk's mutex: SQLite calls them from every thread.
struct PowerVfs {
  using Handle = PowerDisk::Handle;
  using File = PowerDisk::File;

  static PowerDisk& Disk(sqlite3_vfs* vfs) { return *static_cast<PowerDisk*>(vfs->pAppData); }
  static Handle& Of(sqlite3_file* file) { return *static_cast<Handle*>(file); }
  static sqlite3_vfs* System() {
    static sqlite3_vfs* const system = sqlite3_vfs_find("unix");
    return system;
  }

  // --- the disk ---

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* into, int flags,
                  int* out_flags) {
    into->pMethods = nullptr;
    PowerDisk& disk = Disk(vfs);
    const std::scoped_lock lock(disk.mutex_);
    if (!name) return SQLITE_CANTOPEN;  // no temporary files: they belong in memory
    File& file = disk.files_[name];
    const bool creates = !file.now.exists;
    if (creates && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    if (disk.dark_ || disk.Fails(creates)) return SQLITE_CANTOPEN;
    if (creates) {
      disk.Do(file, PowerDisk::Create{});
      if (disk.GoesDark(file)) return SQLITE_CANTOPEN;
    }
    auto* handle = new (into) Handle{};
    handle->pMethods = Methods();
    handle->disk = &disk;
    handle->file = &file;
    file.handles.push_back(handle);
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
  }

  static int Close(sqlite3_file* sqlite_file) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    std::erase(handle.file->handles, &handle);
    return SQLITE_OK;
  }

  static int Delete(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    PowerDisk& disk = Disk(vfs);
    const std::scoped_lock lock(disk.mutex_);
    if (disk.dark_ || disk.Fails(false)) return SQLITE_IOERR_DELETE;
    File& file = disk.files_[name];
    if (!file.now.exists) return SQLITE_IOERR_DELETE_NOENT;
    disk.Do(file, PowerDisk::Delete{});
    if (disk.GoesDark(file)) return SQLITE_IOERR_DELETE;
    if (sync_folder != 0) MakeSafe(file);
    return SQLITE_OK;
  }

  static int Access(sqlite3_vfs* vfs, const char* name, int, int* result) {
    PowerDisk& disk = Disk(vfs);
    const std::scoped_lock lock(disk.mutex_);
    if (disk.dark_ || disk.Fails(false)) return SQLITE_IOERR_ACCESS;
    const auto found = disk.files_.find(name);
    *result = found != disk.files_.end() && found->second.now.exists ? 1 : 0;
    return SQLITE_OK;
  }

  static int Read(sqlite3_file* sqlite_file, void* into, int count, sqlite3_int64 from) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    if (handle.disk->dark_ || handle.disk->Fails(false)) return SQLITE_IOERR_READ;
    const std::string& bytes = handle.file->now.bytes;
    const auto size = static_cast<size_t>(count);
    const size_t begin = std::min(bytes.size(), static_cast<size_t>(from));
    const size_t there = std::min(bytes.size() - begin, size);
    std::memcpy(into, bytes.data() + begin, there);
    std::memset(static_cast<char*>(into) + there, 0, size - there);
    return there == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static int Write(sqlite3_file* sqlite_file, const void* bytes, int count, sqlite3_int64 to) {
    Handle& handle = Of(sqlite_file);
    PowerDisk& disk = *handle.disk;
    const std::scoped_lock lock(disk.mutex_);
    if (disk.dark_) return SQLITE_IOERR_WRITE;
    PowerDisk::Write write{static_cast<size_t>(to),
                           {static_cast<const char*>(bytes), static_cast<size_t>(count)}};
    const bool fails = disk.Fails(true);
    if (fails) write.bytes.resize(write.bytes.size() / 2);
    disk.Do(*handle.file, std::move(write));
    if (disk.GoesDark(*handle.file)) return SQLITE_IOERR_WRITE;
    if (fails) return disk.fault_ == PowerDisk::Fault::kFull ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return SQLITE_OK;
  }

  static int Truncate(sqlite3_file* sqlite_file, sqlite3_int64 size) {
    Handle& handle = Of(sqlite_file);
    PowerDisk& disk = *handle.disk;
    const std::scoped_lock lock(disk.mutex_);
    if (disk.dark_ || disk.Fails(false)) return SQLITE_IOERR_TRUNCATE;
    disk.Do(*handle.file, PowerDisk::Truncate{static_cast<size_t>(size)});
    return disk.GoesDark(*handle.file) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
  }

  // Also makes the file's name safe, as SQLite's own VFS does for the logs that it creates.
  static int Sync(sqlite3_file* sqlite_file, int) {
    Handle& handle = Of(sqlite_file);
    PowerDisk& disk = *handle.disk;
    const std::scoped_lock lock(disk.mutex_);
    if (disk.GoesDark(*handle.file)) return SQLITE_IOERR_FSYNC;
    if (disk.Fails(false)) {
      disk.LoseSome(*handle.file);
      return SQLITE_IOERR_FSYNC;
    }
    MakeSafe(*handle.file);
    return SQLITE_OK;
  }

  static void MakeSafe(File& file) {
    for (const PowerDisk::Change& change : file.unsafe) PowerDisk::Apply(change, file.safe);
    file.unsafe.clear();
  }

  static int FileSize(sqlite3_file* sqlite_file, sqlite3_int64* size) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    if (handle.disk->dark_ || handle.disk->Fails(false)) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(handle.file->now.bytes.size());
    return SQLITE_OK;
  }

  // --- locks, and the shared memory of the wal-index: among the connections of this process ---

  static int Lock(sqlite3_file* sqlite_file, int level) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    if (level <= handle.lock) return SQLITE_OK;
    const auto another_has = [&handle](int at_least) {
      return std::ranges::any_of(handle.file->handles, [&](const Handle* other) {
        return other != &handle && other->lock >= at_least;
      });
    };
    if (another_has(level == SQLITE_LOCK_SHARED ? SQLITE_LOCK_PENDING : SQLITE_LOCK_RESERVED)) {
      return SQLITE_BUSY;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE && another_has(SQLITE_LOCK_SHARED)) {
      handle.lock = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
    handle.lock = level;
    return SQLITE_OK;
  }

  static int Unlock(sqlite3_file* sqlite_file, int level) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    handle.lock = std::min(handle.lock, level);
    return SQLITE_OK;
  }

  static int CheckReservedLock(sqlite3_file* sqlite_file, int* result) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    *result = std::ranges::any_of(
        handle.file->handles, [](const Handle* any) { return any->lock >= SQLITE_LOCK_RESERVED; });
    return SQLITE_OK;
  }

  static int ShmMap(sqlite3_file* sqlite_file, int region, int size, int extend,
                    void volatile** memory) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    *memory = nullptr;
    auto& regions = handle.file->shared_memory;
    const auto wanted = static_cast<size_t>(region) + 1;
    const bool grows = extend != 0 && regions.size() < wanted;
    if (handle.disk->dark_ || handle.disk->Fails(grows)) return SQLITE_IOERR_SHMSIZE;
    while (grows && regions.size() < wanted) {
      regions.push_back(std::make_unique<std::string>(static_cast<size_t>(size), '\0'));
    }
    if (wanted <= regions.size()) *memory = regions[wanted - 1]->data();
    return SQLITE_OK;
  }

  static int ShmLock(sqlite3_file* sqlite_file, int first, int count, int flags) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    const int slots = ((1 << count) - 1) << first;
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      handle.shared_slots &= ~slots;
      handle.exclusive_slots &= ~slots;
      return SQLITE_OK;
    }
    const bool shared = (flags & SQLITE_SHM_SHARED) != 0;
    for (const Handle* other : handle.file->handles) {
      if (other == &handle) continue;
      const int taken = other->exclusive_slots | (shared ? 0 : other->shared_slots);
      if ((taken & slots) != 0) return SQLITE_BUSY;
    }
    (shared ? handle.shared_slots : handle.exclusive_slots) |= slots;
    return SQLITE_OK;
  }

  static void ShmBarrier(sqlite3_file* sqlite_file) {
    const std::scoped_lock lock(Of(sqlite_file).disk->mutex_);
  }

  static int ShmUnmap(sqlite3_file* sqlite_file, int deletes) {
    Handle& handle = Of(sqlite_file);
    const std::scoped_lock lock(handle.disk->mutex_);
    handle.shared_slots = handle.exclusive_slots = 0;
    if (deletes != 0) handle.file->shared_memory.clear();
    return SQLITE_OK;
  }

  static const sqlite3_io_methods* Methods() {
    static const sqlite3_io_methods methods = [] {
      sqlite3_io_methods m{};
      m.iVersion = 2;
      m.xClose = Close;
      m.xRead = Read;
      m.xWrite = Write;
      m.xTruncate = Truncate;
      m.xSync = Sync;
      m.xFileSize = FileSize;
      m.xLock = Lock;
      m.xUnlock = Unlock;
      m.xCheckReservedLock = CheckReservedLock;
      m.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
      m.xSectorSize = [](sqlite3_file*) { return kReportedSector; };
      m.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; };
      m.xShmMap = ShmMap;
      m.xShmLock = ShmLock;
      m.xShmBarrier = ShmBarrier;
      m.xShmUnmap = ShmUnmap;
      return m;
    }();
    return &methods;
  }

  static sqlite3_vfs Make() {
    sqlite3_vfs vfs = *System();  // its clock, randomness and names
    vfs.iVersion = 2;
    vfs.szOsFile = sizeof(Handle);
    vfs.pNext = nullptr;
    vfs.zName = kName;
    vfs.xOpen = Open;
    vfs.xDelete = Delete;
    vfs.xAccess = Access;
    vfs.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* into) {
      return System()->xFullPathname(System(), name, size, into);
    };
    vfs.xRandomness = [](sqlite3_vfs*, int size, char* into) {
      return System()->xRandomness(System(), size, into);
    };
    vfs.xSleep = [](sqlite3_vfs*, int us) { return System()->xSleep(System(), us); };
    vfs.xCurrentTime = [](sqlite3_vfs*, double* now) {
      return System()->xCurrentTime(System(), now);
    };
    vfs.xCurrentTimeInt64 = [](sqlite3_vfs*, sqlite3_int64* now) {
      return System()->xCurrentTimeInt64(System(), now);
    };
    vfs.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
    return vfs;
  }

  static sqlite3_vfs* Get() {
    static sqlite3_vfs vfs = Make();
    return &vfs;
  }
};

PowerDisk::AsDefault::AsDefault(PowerDisk& disk) {
  sqlite3_vfs* vfs = PowerVfs::Get();
  vfs->pAppData = &disk;
  REQUIRE(sqlite3_vfs_register(vfs, 1) == SQLITE_OK);
}

PowerDisk::AsDefault::~AsDefault() { sqlite3_vfs_register(PowerVfs::System(), 1); }

PowerDisk::PowerDisk(Image image, uint64_t seed) : seed_(seed), random_(seed) {
  for (auto& [path, bytes] : image) {
    File& file = files_[path];
    file.now = {true, std::move(bytes)};
    file.safe = file.now;
  }
}

PowerDisk::~PowerDisk() {
  for (const auto& [path, file] : files_) CHECK_MESSAGE(file.handles.empty(), path);
}

void PowerDisk::CutPowerAfter(uint64_t changes) {
  const std::scoped_lock lock(mutex_);
  cut_at_ = changes_ + changes;
}

void PowerDisk::CutPowerAfter(uint64_t changes, const std::string& path, uint64_t changes_of_file) {
  const std::scoped_lock lock(mutex_);
  cut_file_ = &files_.at(path);
  cut_file_changes_ = changes_of_file;
  cut_changes_ = changes;
}

void PowerDisk::CutPower() {
  const std::scoped_lock lock(mutex_);
  dark_ = true;
}

bool PowerDisk::has_power() const {
  const std::scoped_lock lock(mutex_);
  return !dark_;
}

uint64_t PowerDisk::changes() const {
  const std::scoped_lock lock(mutex_);
  return changes_;
}

void PowerDisk::FailAfter(uint64_t operations, Fault fault, Lasting lasting) {
  const std::scoped_lock lock(mutex_);
  fail_at_ = operations_ + operations;
  failed_ = false;
  fault_ = fault;
  lasting_ = lasting;
}

bool PowerDisk::Repair() {
  const std::scoped_lock lock(mutex_);
  fail_at_ = 0;
  return failed_;
}

bool PowerDisk::Fails(bool needs_room) {
  ++operations_;
  if (fail_at_ == 0 || operations_ < fail_at_) return false;
  if (fault_ == Fault::kFull && !needs_room) return false;
  if (lasting_ == Lasting::kOnce && failed_) return false;
  return failed_ = true;
}

void PowerDisk::Do(File& file, Change change) {
  Apply(change, file.now);
  file.unsafe.push_back(std::move(change));
}

bool PowerDisk::GoesDark(const File& file) {
  ++changes_;
  if (&file == cut_file_ && --cut_file_changes_ == 0) {
    cut_at_ = changes_ + cut_changes_;
    cut_file_ = nullptr;
  }
  if (changes_ == cut_at_) dark_ = true;
  return dark_;
}

void PowerDisk::LoseSome(File& file) {
  for (const Change& change : file.unsafe) {
    if (const auto* write = std::get_if<Write>(&change)) {
      ApplySome(*write, file.safe, 0.5, random_);
    } else {
      Apply(change, file.safe);  // names and sizes are in the file system's own journal
    }
  }
  file.unsafe.clear();
}

PowerDisk::Image PowerDisk::Contents() const {
  const std::scoped_lock lock(mutex_);
  Image image;
  for (const auto& [path, file] : files_) {
    if (file.now.exists) image[path] = file.now.bytes;
  }
  return image;
}

PowerDisk::Image PowerDisk::Survivors() const {
  const std::scoped_lock lock(mutex_);
  std::mt19937_64 random(seed_ + changes_);
  Image image;
  for (const auto& [path, file] : files_) {
    Content content = file.safe;
    ApplySome(file.unsafe, content, random);
    if (content.exists) image[path] = std::move(content.bytes);
  }
  return image;
}

void PowerDisk::Apply(const Change& change, Content& content) {
  if (std::holds_alternative<Create>(change)) {
    content = {true, ""};
  } else if (std::holds_alternative<Delete>(change)) {
    content = {};
  } else if (const auto* truncate = std::get_if<Truncate>(&change)) {
    content.bytes.resize(truncate->size);
  } else {
    const auto& write = std::get<Write>(change);
    const size_t end = write.offset + write.bytes.size();
    if (content.bytes.size() < end) content.bytes.resize(end);
    content.bytes.replace(write.offset, write.bytes.size(), write.bytes);
  }
}

void PowerDisk::ApplySome(const std::vector<Change>& changes, Content& content,
                          std::mt19937_64& random) {
  // Each file fares in its own way: another one's later writes may be kept and its own be lost.
  constexpr double kKept[] = {0, 0.1, 0.5, 0.9, 1};
  const double kept = kKept[std::uniform_int_distribution<size_t>(0, 4)(random)];
  for (const Change& change : changes) {
    if (const auto* write = std::get_if<Write>(&change)) {
      if (content.exists) ApplySome(*write, content, kept, random);
    } else if (std::bernoulli_distribution(kept)(random)) {
      if (content.exists || std::holds_alternative<Create>(change)) Apply(change, content);
    }
  }
}

void PowerDisk::ApplySome(const Write& write, Content& content, double kept,
                          std::mt19937_64& random) {
  constexpr double kTorn = 0.05;
  const size_t end = write.offset + write.bytes.size();
  for (size_t begin = write.offset; begin < end;) {
    const size_t next = std::min(end, (begin / kSector + 1) * kSector);
    Write part{begin, write.bytes.substr(begin - write.offset, next - begin)};
    begin = next;
    if (!std::bernoulli_distribution(kept)(random)) continue;
    if (std::bernoulli_distribution(kTorn)(random)) {
      // Written in part, and what follows is garbage or as before.
      const size_t whole = std::uniform_int_distribution<size_t>(0, part.bytes.size() - 1)(random);
      if (std::bernoulli_distribution(0.5)(random)) {
        part.bytes.resize(whole);
      } else {
        for (size_t i = whole; i < part.bytes.size(); ++i) {
          part.bytes[i] = static_cast<char>(random());
        }
      }
    }
    Apply(part, content);
  }
}

}  // namespace kiosk::test
