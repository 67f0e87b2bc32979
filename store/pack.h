// What an executable carries beside itself: a frontend build, a database to start from, and a few
// options, as one SQLite database appended to the file and read in place. Files are not compressed:
// that would take 20 MB of scripts and pages to 5, but needs a library more, and a start with those
// 20 MB takes 10 ms (make bench).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "data/embedded.h"
#include "store/folder.h"
#include "store/seed.h"
#include "store/sqlite.h"
#include "store/thread_annotations.h"

namespace kiosk {

// A pack that cannot be read or written, in one line.
class PackError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Pack {
 public:
  // The pack of the running executable; null if it carries none. Throws PackError if it is damaged.
  static std::unique_ptr<Pack> OfThisExecutable();
  // The pack that `slot` says stands in the file at `path`.
  static std::unique_ptr<Pack> In(const std::string& path, const embedded::PackSlot& slot);

  ~Pack();
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;

  // The database to start from. Lives as long as this.
  [[nodiscard]] Image image() const { return {bytes_}; }
  [[nodiscard]] std::string name() const;
  // The options that it serves with, by their names without hyphens; whatever the file says.
  [[nodiscard]] std::map<std::string, std::string> options() const;
  [[nodiscard]] int64_t file_count() const;

  // A file of the frontend by its path. Any thread.
  [[nodiscard]] std::optional<std::string> ReadFile(const std::string& path) const;

 private:
  Pack(std::string_view mapped, size_t offset);

  std::string_view mapped_;  // the file
  std::string_view bytes_;   // of the pack in it
  mutable Mutex mutex_;
  std::unique_ptr<Database> database_ GUARDED_BY(mutex_);
};

// What a new pack is to carry.
struct PackOrder {
  const Pack* present = nullptr;               // what the running executable carries
  std::optional<std::string> frontend_folder;  // none: the present pack's files
  std::optional<Origin> origin;                // none: the data in `database_file`
  std::string database_file;
  IsProtected is_protected;  // files of the frontend's folder that must not be opened
  std::string name;
  std::map<std::string, std::string> options;
};

// The checksum of an executable, but for its slot's own `hash`, and the pack behind it. The same on
// every machine.
[[nodiscard]] uint64_t DemoChecksum(std::string_view executable, std::string_view pack);

// Writes a copy of the running executable that carries it all to `target`, whole or not at all. Of
// what may be there only an earlier demo of the same name is replaced. Returns what of the
// frontend's folder was left out and why, a line each. Throws PackError or StoreError.
std::vector<std::string> WritePack(const std::string& target, const PackOrder& order);

}  // namespace kiosk
