// A folder whose files are served or packed: what belongs to it, whatever its names and links say,
// and however both change meanwhile. Source: SPEC section 6, "Frontends".
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database_file.h"

namespace kiosk {

// Whether a file must not be opened: opening and closing the database would drop SQLite's locks.
// Any thread.
using IsProtected = std::function<bool(const FileId&)>;

// Whether a name in `path` starts with a dot; ".well-known" is the exception.
[[nodiscard]] bool HasHiddenName(std::string_view path);

// Why the folder of a build that has no index.html, at `path`, is none; never empty.
[[nodiscard]] std::string WhyNoBuild(const std::string& path);

// Whether `file` is at present the database at `path`, its WAL or another file of SQLite's next to
// it.
[[nodiscard]] bool BelongsToDatabase(const std::string& path, const FileId& file);

// Any thread.
class Folder {
 public:
  enum class Kind {
    kFile,
    kFolder,
    kMissing,
    kHidden,     // a name starts with a dot
    kOutside,    // a link leads out of the folder
    kProtected,  // the database, or what belongs to it
    kSpecial,    // a device, a pipe or a socket
  };

  // The folder at `path` at each call: it may be deleted and made again meanwhile.
  Folder(const std::string& path, IsProtected is_protected);

  // What lies at a path below the folder, which has no slash in front. Links are followed.
  [[nodiscard]] Kind KindOf(const std::string& path) const;

  // The content of a file as a whole: one that is being written is waited for, for a moment.
  // Nothing if it is no kFile.
  [[nodiscard]] std::optional<std::string> Read(const std::string& path) const;

  // The names in a kFolder, sorted.
  [[nodiscard]] std::vector<std::string> Names(const std::string& path) const;

  // What a kFolder is, to recognize it under another name.
  [[nodiscard]] std::optional<FileId> IdOf(const std::string& path) const;

 private:
  struct Found;
  [[nodiscard]] Found Find(const std::string& path) const;

  std::filesystem::path path_;
  IsProtected is_protected_;
};

}  // namespace kiosk
