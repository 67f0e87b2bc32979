#include "http/initial_data.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <variant>

#include "data/embedded.h"
#include "http/output.h"
#include "http/seed_reader.h"
#include "http/static_files.h"
#include "store/database_path.h"

namespace kiosk {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  try {
    if (file) return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure&) {  // a folder can be opened, but not read
  }
  throw CommandError("cannot read the seed " + path + "; check the path given to --seed");
}

}  // namespace

Seed ParseSeed(std::string_view text, const std::string& name, Timestamp now) {
  auto seed = ReadSeed(text, now);
  if (const auto* invalid = std::get_if<InvalidField>(&seed)) {
    throw CommandError("bad seed " + name + ": " + SeedErrorText(*invalid));
  }
  return std::get<Seed>(std::move(seed));
}

Origin LoadOrigin(const Options& options) {
  if (!options.seed_file.empty()) {
    return ParseSeed(ReadFile(options.seed_file), options.seed_file, options.clock());
  }
  if (options.pack) return options.pack->image();
  return ParseSeed(embedded::Seed(), "built in", options.clock());
}

std::unique_ptr<Store> OpenDatabase(const Options& options, const Origin& origin) {
  const auto report = [](const std::string& what) { LogLine("kiosk: " + what); };
  return Store::Open(options.database, origin, {options.machine.now(), report});
}

IsProtected ProtectDatabase(const Options& options, const std::unique_ptr<Store>* store) {
  return
      [database = std::filesystem::absolute(options.database).string(), store](const FileId& file) {
        if (BelongsToDatabase(database, file)) return true;
        const auto opened = store && *store ? (*store)->Files() : std::vector<FileId>();
        return std::ranges::find(opened, file) != opened.end();
      };
}

FileReader LoadFrontend(const Options& options, const std::unique_ptr<Store>& store) {
  if (!options.frontend_folder.empty()) {
    return ReadFolder(options.frontend_folder, ProtectDatabase(options, &store));
  }
  if (!options.pack || options.pack->file_count() == 0) return nullptr;
  return [pack = options.pack](const std::string& path) { return pack->ReadFile(path); };
}

}  // namespace kiosk
