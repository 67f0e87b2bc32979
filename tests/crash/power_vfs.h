// A disk in memory that can lose its power, fill up and fail, and an SQLite VFS on it. What was
// written and not yet synced is kept apart: when the power goes, it is dropped, kept or torn.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace kiosk::test {

class PowerDisk {
 public:
  using Image = std::map<std::string, std::string>;  // contents by path

  // A disk that holds `image`, all of it safe. `seed` decides what a loss of power leaves.
  PowerDisk(Image image, uint64_t seed);
  ~PowerDisk();
  PowerDisk(const PowerDisk&) = delete;
  PowerDisk& operator=(const PowerDisk&) = delete;

  // While it lives, SQLite opens every file on this disk. Connections keep the disk they were
  // opened on, and must be closed before it goes.
  class AsDefault {
   public:
    explicit AsDefault(PowerDisk& disk);
    ~AsDefault();
    AsDefault(const AsDefault&) = delete;
    AsDefault& operator=(const AsDefault&) = delete;
  };

  // The power goes at the `changes`th change (a write, a truncation, a sync, a new or a deleted
  // file), which may be half done; counted from now, or from when the file at `path` has seen
  // `changes_of_file` of them. From then on everything fails.
  void CutPowerAfter(uint64_t changes);
  void CutPowerAfter(uint64_t changes, const std::string& path, uint64_t changes_of_file);
  void CutPower();
  [[nodiscard]] bool has_power() const;
  // Changes so far.
  [[nodiscard]] uint64_t changes() const;

  enum class Fault { kIo, kFull };
  enum class Lasting { kOnce, kUntilRepaired };
  // The `operations`th operation from now fails, reading ones too; a full disk fails only what
  // needs room. A write that fails is half done. A sync that fails may have lost what it was for,
  // and the next one does not bring it back.
  void FailAfter(uint64_t operations, Fault fault, Lasting lasting);
  // Takes the fault back. Whether anything failed since FailAfter.
  bool Repair();

  // What the files hold now, and what they hold when the power comes back after this moment.
  [[nodiscard]] Image Contents() const;
  [[nodiscard]] Image Survivors() const;

 private:
  friend struct PowerVfs;

  struct Create {};
  struct Delete {};
  struct Truncate {
    size_t size;
  };
  struct Write {
    size_t offset;
    std::string bytes;
  };
  using Change = std::variant<Create, Delete, Truncate, Write>;

  struct Content {
    bool exists = false;
    std::string bytes;
  };
  struct Handle;
  struct File {
    Content now;
    Content safe;
    std::vector<Change> unsafe;  // on the way from `safe` to `now`
    std::vector<Handle*> handles;
    std::vector<std::unique_ptr<std::string>> shared_memory;  // the regions of its wal-index
  };

  static void Apply(const Change& change, Content& content);
  // Writes whatever part of the unsafe changes the disk happens to have done.
  static void ApplySome(const std::vector<Change>& changes, Content& content,
                        std::mt19937_64& random);
  static void ApplySome(const Write& write, Content& content, double kept, std::mt19937_64& random);

  // A sync failed: some of the file's unsafe changes are done, the others never will be.
  void LoseSome(File& file);
  // Before an operation: whether it fails.
  bool Fails(bool needs_room);
  void Do(File& file, Change change);
  // Counts a change; whether the power is (now) gone.
  bool GoesDark(const File& file);

  mutable std::mutex mutex_;
  // Everything below is protected by mutex_.
  std::map<std::string, File> files_;
  uint64_t seed_;
  std::mt19937_64 random_;
  uint64_t changes_ = 0;
  uint64_t cut_at_ = 0;             // 0: never
  const File* cut_file_ = nullptr;  // after so many of its changes cut_at_ is set
  uint64_t cut_file_changes_ = 0;
  uint64_t cut_changes_ = 0;
  bool dark_ = false;
  uint64_t operations_ = 0;
  uint64_t fail_at_ = 0;  // 0: never
  bool failed_ = false;
  Fault fault_ = Fault::kIo;
  Lasting lasting_ = Lasting::kOnce;
};

}  // namespace kiosk::test
