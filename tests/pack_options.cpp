// What a demo keeps of the command line that made it, under which name, and what it may replace.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "store/file_name.h"
#include "store/pack.h"
#include "tests/scenario.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

namespace fs = std::filesystem;

struct Place {
  TemporaryFolder folder;

  [[nodiscard]] ChildOptions In() const { return {.folder = folder.path()}; }
  [[nodiscard]] ChildOptions Demo(const std::string& name) const {
    return {.folder = folder.path(), .executable = folder.File(name)};
  }
  [[nodiscard]] Finished Pack(const std::vector<std::string>& arguments,
                              const ChildOptions& options) const {
    std::vector<std::string> all{"pack"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunKiosk(all, options);
  }
  void MustPack(const std::vector<std::string>& arguments) const {
    const Finished finished = Pack(arguments, In());
    REQUIRE_MESSAGE(finished.exit_code == 0, finished.err);
  }
};

constexpr char kOrder[] = R"({"order":{"items":["tap"],"user_id":"ana"}})";
constexpr char kInspection[] =
    R"({"services":["123"],"totalfee":1,"datetime":"2022-11-01T12:11:11.111Z"})";

// An executable that carries a demo whose database was changed by `sql`.
void ChangeDemo(const std::string& path, const std::string& sql) {
  std::string bytes = ReadFile(path);
  const std::string_view mark(embedded::Slot().mark, sizeof embedded::PackSlot::mark);
  const size_t at = bytes.find(mark);
  REQUIRE(at != std::string::npos);
  embedded::PackSlot slot{};
  std::memcpy(&slot, bytes.data() + at, sizeof slot);
  WriteFile(path + ".image", bytes.substr(slot.offset));
  REQUIRE(ChangeFile(path + ".image", sql).empty());
  const std::string image = ReadFile(path + ".image");
  fs::remove(path + ".image");
  bytes.resize(slot.offset);
  slot.size = image.size();
  std::memcpy(bytes.data() + at, &slot, sizeof slot);
  slot.hash = DemoChecksum(bytes, image);
  std::memcpy(bytes.data() + at, &slot, sizeof slot);
  WriteFile(path, bytes + image);
}

constexpr char kKept[] =
    ", and only an earlier demo of the same name is replaced; choose another "
    "name with -o\n";

}  // namespace

TEST_CASE("a demo serves with the options given to pack, and the command line overrides them") {
  const Place place;
  place.MustPack({"-o", "demo", "--order-gap", "30m", "--order-items", "objects", "--fail", "0",
                  "--delay", "0-1", "--port", "4100"});
  const std::string help = RunKiosk({"--help"}, place.Demo("demo")).out;
  CHECK(help.starts_with(
      "demo: a packed kiosk. It carries its own data and port 4100. It serves with --delay 0-1, "
      "--fail 0, --order-gap 30m, --order-items objects.\n"));
  {
    const Kiosk demo({"--quiet", "--memory"}, place.Demo("demo"));
    CHECK(Ask(demo.port(), "POST", "/api/orders", kOrder).body ==
          R"({"order":{"order_id":"1","data":{"items":[{"id":"tap",)"
          R"("name":"TAP Airlines 12% Discount","price":60}],"total":60}}})");
    CHECK(Ask(demo.port(), "POST", "/orders", kInspection).status == 201);
  }
  {
    const Kiosk demo({"--quiet", "--memory", "--order-items", "ids", "--order-gap", "3h"},
                     place.Demo("demo"));
    CHECK(Ask(demo.port(), "POST", "/api/orders", kOrder).body ==
          R"({"order":{"order_id":"1","data":{"items":["tap"],"total":60}}})");
    CHECK(Ask(demo.port(), "POST", "/orders", kInspection).status == 409);
  }
  place.MustPack({"-o", "failing", "--fail", "100"});
  {
    const Kiosk demo({"--quiet", "--memory"}, place.Demo("failing"));
    CHECK(Ask(demo.port(), "GET", "/api/products").status == 503);
    CHECK(Ask(demo.port(), "GET", "/healthz").status == 200);
  }
  const Kiosk demo({"--quiet", "--memory", "--fail", "0"}, place.Demo("failing"));
  CHECK(Ask(demo.port(), "GET", "/api/products").status == 200);
}

TEST_CASE("a demo that is packed again keeps the options that are not given") {
  const Place place;
  place.MustPack({"-o", "first", "--order-gap", "30m", "--delay", "1", "--port", "4100"});
  REQUIRE(place.Pack({"-o", "second", "--delay", "2-3"}, place.Demo("first")).exit_code == 0);
  CHECK(RunKiosk({"--help"}, place.Demo("second"))
            .out.starts_with("second: a packed kiosk. It carries its own data and port 4100. It "
                             "serves with --delay 2-3, --order-gap 30m.\n"));
}

TEST_CASE(
    "pack takes the options that a demo keeps, checks them, and refuses the others of serve") {
  const Place place;
  const struct {
    std::vector<std::string> arguments;
    std::string error;
  } rows[] = {
      {{"pack", "-o", "demo", "--memory"},
       "--memory: an option of serve, which pack does not take; "},
      {{"pack", "-o", "demo", "--host", "0.0.0.0"},
       "--host: an option of serve, which pack does not "},
      {{"pack", "-o", "demo", "--host=::"},
       "--host: an option of serve, which pack does not take; "},
      {{"pack", "-o", "demo", "--cors-origin", "*"},
       "--cors-origin: an option of serve, which pack "},
      {{"pack", "-o", "demo", "--quiet"},
       "--quiet: an option of serve, which pack does not take; a "},
      {{"pack", "-o", "demo", "--open"},
       "--open: an option of serve, which pack does not take; a "},
      {{"--memory", "pack", "-o", "demo"},
       "--memory: an option of serve, which pack does not take; "},
      {{"--delay", "5", "pack", "-o", "demo"},
       "--delay: give it after pack; see kiosk pack --help\n"},
      {{"--port", "4100", "pack", "-o", "demo"},
       "--port: give it after pack; see kiosk pack --help"},
      {{"--memory", "reset"},
       "--memory: an option of serve, which reset does not take; see kiosk "},
      {{"pack", "-o", "demo", "--delay", "x"},
       "--delay: x is not a time in milliseconds such as 200 "},
      {{"pack", "-o", "demo", "--order-gap", "x"}, "--order-gap: x is not a duration such as 3h, "},
      {{"pack", "-o", "demo", "--order-items", "x"}, "--order-items: "},
      {{"pack", "-o", "demo", "--fail", "101"}, "--fail: "},
      {{"pack", "-o", "demo", "--port", "x"}, "--port: "},
  };
  for (const auto& row : rows) {
    const Finished finished = RunKiosk(row.arguments, place.In());
    CHECK(finished.exit_code == 2);
    CHECK(finished.out.empty());
    CAPTURE(finished.err);
    CHECK(finished.err.starts_with("kiosk: " + row.error));
    CHECK(std::ranges::count(finished.err, '\n') == 1);
  }
  const Finished finished = RunKiosk({"pack", "-o", "demo", "--memory"}, place.In());
  CHECK(finished.err.find("a demo keeps --port, --order-gap, --order-items, --delay, --fail") !=
        std::string::npos);
  CHECK(fs::is_empty(place.folder.path()));
}

TEST_CASE("a demo whose options are not those of a kiosk is refused") {
  const Place place;
  const std::pair<std::string, std::string> rows[] = {
      {"('delay', 'x')", "kiosk: this demo carries a bad option: --delay: x is not a time in "},
      {"('port', 'http')", "kiosk: this demo carries a bad option: --port: "},
      {"('host', '0.0.0.0')",
       "kiosk: this demo carries an option that this kiosk does not know: host"},
      {"('db', '/etc/x')",
       "kiosk: this demo carries an option that this kiosk does not know: db\n"},
  };
  for (const auto& [values, error] : rows) {
    place.MustPack({"-o", "demo"});
    ChangeDemo(place.folder.File("demo"), "INSERT INTO pack_options VALUES " + values);
    const Finished finished = RunKiosk({"--port", "0"}, place.Demo("demo"));
    CHECK(finished.exit_code == 1);
    CAPTURE(finished.err);
    CHECK(finished.err.starts_with(error));
    CHECK_FALSE(fs::exists(place.folder.File("demo.db")));
    fs::remove(place.folder.File("demo"));
  }
}

TEST_CASE("the file of a demo's data has a name that any system takes") {
  const std::pair<std::string, std::string> rows[] = {
      {"demo", "demo"},
      {"Acme demo", "Acme demo"},
      {"a-b_c 1", "a-b_c 1"},
      {"a/b", "a-b"},
      {"../../etc/passwd", "------etc-passwd"},
      {"v1.2", "v1-2"},
      {"a:b*c?\"<>|\\", "a-b-c------"},
      {"", "-"},
      {".", "-"},
      {"Ki\u00f6sk \u5e97", "Ki\u00f6sk \u5e97"},
      {"a\u2013b \u20ac", "a-b -"},
      {"\U0001F600", "-"},
      {"a\xff"
       "b",
       "a-b"},
      {"a\xc3", "a-"},
      {"con", "con-"},
      {"LPT1", "LPT1-"},
      {"console", "console"},
      {std::string(253, 'n'), std::string(64, 'n')},
      {std::string(63, 'n') + "\u00f6", std::string(63, 'n')},
      {std::string(62, 'n') + "\u00f6", std::string(62, 'n') + "\u00f6"},
  };
  for (const auto& [name, file] : rows) {
    CAPTURE(name);
    CHECK(FileNameOf(name) == file);
  }
}

TEST_CASE("a demo starts whatever its name is") {
  const Place place;
  const std::pair<std::string, std::string> rows[] = {
      {std::string(253, 'n'), std::string(64, 'n')}, {"a/b", "a-b"}, {"../x", "---x"}};
  for (const auto& [name, file] : rows) {
    place.MustPack({"-o", "demo", "--name", name});
    Kiosk demo({"--quiet"}, place.Demo("demo"));
    CHECK(Ask(demo.port(), "GET", "/api/users/ana").status == 200);
    CHECK(demo.Stop().exit_code == 0);
    CHECK(QueryFile(place.folder.File(file + ".db"), "SELECT user_id FROM users") == "ana");
    fs::remove(place.folder.File("demo"));
  }
  const std::string longest(250, 'f');
  place.MustPack({"-o", longest});
  Kiosk demo({"--quiet"}, place.Demo(longest));
  CHECK(demo.Stop().exit_code == 0);
}

TEST_CASE("packing replaces an earlier demo of the same name and nothing else") {
  const Place place;
  place.MustPack({"-o", "demo", "--name", "Acme"});
  place.MustPack({"-o", "demo", "--name", "Acme", "--port", "4100"});
  CHECK(RunKiosk({"--help"}, place.Demo("demo")).out.find("port 4100.") != std::string::npos);
  fs::copy_file(KioskPath(), place.folder.File("kiosk"));
  fs::copy_file("/bin/true", place.folder.File("true"));
  WriteFile(place.folder.File("notes"), "notes");
  WriteFile(place.folder.File("empty"), "");
  const std::string demo = ReadFile(place.folder.File("demo"));
  WriteFile(place.folder.File("cut"), demo.substr(0, demo.size() - 1));
  fs::create_directory(place.folder.File("folder"));
  fs::create_symlink("demo", place.folder.File("link"));
  fs::create_symlink("nowhere", place.folder.File("dangling"));
  REQUIRE(::mkfifo(place.folder.File("pipe").c_str(), 0600) == 0);
  const struct {
    std::string file;
    std::string name;
    std::string executable;
    std::string reason;
  } rows[] = {
      {"demo", "Other", "", "it is the demo \"Acme\""},
      {"kiosk", "kiosk", "", "it is not a demo"},
      {"kiosk", "Acme", "kiosk", "it is this program itself"},
      {"true", "Acme", "", "it is not a demo"},
      {"notes", "Acme", "", "it is not a demo"},
      {"empty", "Acme", "", "it is not a demo"},
      {"cut", "Acme", "", "it is not a whole demo"},
      {"folder", "Acme", "", "it is a folder"},
      {"link", "Acme", "", "it is a link"},
      {"dangling", "Acme", "", "it is a link"},
      {"pipe", "Acme", "", "it is not a plain file"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.file);
    const std::string path = place.folder.File(row.file);
    const bool is_file = fs::is_regular_file(path);
    const std::string before = is_file ? ReadFile(path) : "";
    const Finished finished =
        place.Pack({"-o", row.file, "--name", row.name},
                   row.executable.empty() ? place.In() : place.Demo(row.executable));
    CHECK(finished.exit_code == 1);
    CHECK(finished.out.empty());
    CHECK(finished.err == "kiosk: cannot write " + row.file + ": " + row.reason + kKept);
    if (is_file) CHECK(ReadFile(path) == before);
  }
  CHECK(fs::is_symlink(place.folder.File("link")));
  CHECK(std::distance(fs::directory_iterator(place.folder.path()), {}) == 10);
}

TEST_CASE("a demo that was changed in any place is refused, or cannot run") {
  const Place place;
  place.MustPack({"-o", "demo"});
  const std::string whole = ReadFile(place.folder.File("demo"));
  const std::string_view mark(embedded::Slot().mark, sizeof embedded::PackSlot::mark);
  embedded::PackSlot slot{};
  std::memcpy(&slot, whole.data() + whole.find(mark), sizeof slot);
  const size_t kiosk_size = fs::file_size(KioskPath());
  REQUIRE(slot.offset > kiosk_size);
  // The filling before the demo, the ELF header's unused bytes, the schema, and the last byte.
  for (const size_t at : {size_t{9}, kiosk_size, size_t{slot.offset - 1}, size_t{slot.offset},
                          size_t{slot.offset + 5000}, whole.size() - 1}) {
    CAPTURE(at);
    std::string changed = whole;
    changed[at] ^= 1;
    WriteFile(place.folder.File("changed"), changed);
    ::chmod(place.folder.File("changed").c_str(), 0755);
    const Finished finished = RunKiosk({"--port", "0"}, place.Demo("changed"));
    CHECK(finished.exit_code == 1);
    CHECK(finished.err ==
          "kiosk: this executable carries a pack that is damaged or cut off; copy it again from "
          "where it came\n");
  }
}
