// Files that are written under a name of their own, and get their real name when they are whole.
#pragma once

#include <string>

namespace kiosk {

// A file that is removed when it goes out of scope, with what SQLite keeps next to it.
class TemporaryFile {
 public:
  // Next to `path`, so that it can be moved there. `advice` is for someone who may not write there.
  // Throws StoreError.
  TemporaryFile(const std::string& path, const std::string& advice);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

  // Gives the finished file its name. False if a file with content has the name by now. Throws
  // StoreError, also if a WAL with changes is at that name.
  [[nodiscard]] bool MoveTo(const std::string& path) const;

  // From here on SIGHUP, SIGINT and SIGTERM remove the present temporary files before they end the
  // process.
  static void RemoveOnSignals();

 private:
  std::string path_;
  int slot_ = -1;  // where the signals find it
};

// The descriptor of the folder that `path` is in; negative if there is none.
[[nodiscard]] int OpenFolderOf(const std::string& path);

// After it, what was renamed in the folder of `path` has its name even after a loss of power.
void SyncFolderOf(const std::string& path);

}  // namespace kiosk
