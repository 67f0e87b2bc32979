#include "store/pack.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "tests/harness.h"

using namespace kiosk::test;

namespace {

namespace fs = std::filesystem;

// A folder with a small frontend build, and a seed of its own.
struct Material {
  TemporaryFolder folder;

  Material() {
    fs::create_directories(folder.File("build/assets"));
    WriteFile(folder.File("build/index.html"), "<h1>Acme</h1>");
    WriteFile(folder.File("build/assets/main-DiwrgTda.js"), "export {}\n");
    WriteFile(
        folder.File("seed.json"),
        R"({"starting_balance": 12.5, "products": [{"id": "tea", "name": "Tea", "price": 2}]})");
  }

  [[nodiscard]] ChildOptions In() const { return {.folder = folder.path()}; }
  [[nodiscard]] ChildOptions Run(const std::string& name) const {
    return {.folder = folder.path(), .executable = folder.File(name)};
  }
  void Pack(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{"pack"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Finished finished = RunKiosk(all, In());
    REQUIRE_MESSAGE(finished.exit_code == 0, finished.err);
    CHECK(finished.out.empty());
    CHECK(finished.err.empty());
  }
};

const std::string kTea = R"({"products":[{"id":"tea","name":"Tea","price":2}]})";

// The test that changes root and user becomes another person with nothing: no home, no rights.
std::string jail;

void EnterJail() {
  if (::chroot(jail.c_str()) != 0 || ::chdir("/") != 0) ::_exit(126);
  if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(126);
  ::unsetenv("HOME");
}

}  // namespace

TEST_CASE("a packed executable serves the frontend and the seed that it carries") {
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build", "--seed", "seed.json", "--name", "Acme demo",
                 "--port", "4100"});
  Kiosk demo({"--quiet"}, material.Run("demo"));
  CHECK(Ask(demo.port(), "GET", "/").body == "<h1>Acme</h1>");
  const Answer script = Ask(demo.port(), "GET", "/assets/main-DiwrgTda.js");
  CHECK(script.body == "export {}\n");
  CHECK(script.Header("content-type") == "text/javascript; charset=utf-8");
  CHECK(script.Header("cache-control") == "public, max-age=31536000, immutable");
  CHECK(Ask(demo.port(), "GET", "/assets/none.js").status == 404);
  CHECK(Ask(demo.port(), "GET", "/basket", "", {{"Accept", "text/html"}}).body == "<h1>Acme</h1>");
  CHECK(Ask(demo.port(), "GET", "/api/products").body == kTea);
  CHECK(Ask(demo.port(), "GET", "/api/users/ana").body ==
        R"({"user":{"user_id":"ana","data":{"balance":12.5,"product_ids":[]}}})");
  CHECK(demo.Stop().exit_code == 0);
  CHECK(QueryFile(material.folder.File("Acme demo.db"), "SELECT user_id FROM users") == "ana");
}

TEST_CASE("a packed executable says in --help what it carries") {
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build", "--name", "Acme demo", "--port", "4100"});
  const Finished help = RunKiosk({"--help"}, material.Run("demo"));
  CHECK(help.exit_code == 0);
  CHECK(
      help.out.starts_with("Acme demo: a packed kiosk. It carries a frontend of 2 files, its own "
                           "data and port 4100.\n"));
}

TEST_CASE("a packed executable starts with the data that was there, and goes back to it") {
  const Material material;
  {
    Kiosk kiosk({"--quiet"}, material.In());
    CHECK(Ask(kiosk.port(), "POST", "/api/orders",
              R"({"order":{"items":["netflix"],"user_id":"ana"}})")
              .status == 200);
    CHECK(Ask(kiosk.port(), "DELETE", "/orders/224").status == 200);
    // Also while it is being served.
    material.Pack({"-o", "demo", "--with-data"});
    CHECK(kiosk.Stop().exit_code == 0);
  }
  const std::string ana =
      R"({"user":{"user_id":"ana","data":{"balance":424.01,"product_ids":["netflix"]}}})";
  for (const bool in_memory : {false, true}) {
    CAPTURE(in_memory);
    std::vector<std::string> arguments{"--quiet"};
    if (in_memory) arguments.emplace_back("--memory");
    Kiosk demo(arguments, material.Run("demo"));
    CHECK(Ask(demo.port(), "GET", "/api/users/ana").body == ana);
    CHECK(Ask(demo.port(), "GET", "/orders/224").status == 404);
    CHECK(Ask(demo.port(), "DELETE", "/orders/223").status == 200);
    CHECK(Ask(demo.port(), "POST", "/_kiosk/reset").status == 200);
    CHECK(Ask(demo.port(), "GET", "/orders/223").status == 200);
    CHECK(Ask(demo.port(), "GET", "/orders/224").status == 404);
    CHECK(Ask(demo.port(), "GET", "/api/users/ana").body == ana);
    CHECK(Ask(demo.port(), "DELETE", "/orders/225").status == 200);
    CHECK(demo.Stop().exit_code == 0);
  }
  CHECK(RunKiosk({"reset"}, material.Run("demo")).exit_code == 0);
  CHECK(QueryFile(material.folder.File("demo.db"), "SELECT id FROM desk_orders ORDER BY id") ==
        "223\n225");
}

TEST_CASE("a packed executable goes back to the seed that it carries, or to the one given") {
  const Material material;
  material.Pack({"-o", "demo", "--seed", "seed.json"});
  WriteFile(material.folder.File("other.json"),
            R"({"starting_balance": 1, "products": [{"id": "nut", "name": "Nut", "price": 1}]})");
  const std::string nut = R"({"products":[{"id":"nut","name":"Nut","price":1}]})";
  const auto user_after_reset = [&](const std::vector<std::string>& arguments,
                                    const std::string& products) {
    Kiosk demo(arguments, material.Run("demo"));
    CHECK(Ask(demo.port(), "GET", "/api/products").body == products);
    CHECK(Ask(demo.port(), "GET", "/api/users/ana").status == 200);
    CHECK(Ask(demo.port(), "POST", "/orders", R"({"product":"P","quantity":1})").status == 201);
    CHECK(Ask(demo.port(), "POST", "/_kiosk/reset").status == 200);
    CHECK(Ask(demo.port(), "GET", "/orders").body == "[]");
    CHECK(Ask(demo.port(), "GET", "/api/products").body == products);
    const std::string user = Ask(demo.port(), "GET", "/api/users/ana").body;
    CHECK(demo.Stop().exit_code == 0);
    return user;
  };
  const auto ana = [](const std::string& balance) {
    return R"({"user":{"user_id":"ana","data":{"balance":)" + balance + R"(,"product_ids":[]}}})";
  };
  CHECK(user_after_reset({"--quiet"}, kTea) == ana("12.5"));
  CHECK(user_after_reset({"--quiet", "--memory"}, kTea) == ana("12.5"));
  CHECK(user_after_reset({"--quiet", "--memory", "--seed", "other.json"}, nut) == ana("1"));
  CHECK(user_after_reset({"--quiet", "--db", "other.db", "--seed", "other.json"}, nut) == ana("1"));

  const std::string users = "SELECT count(*) FROM users";
  CHECK(QueryFile(material.folder.File("demo.db"), users) == "1");
  CHECK(RunKiosk({"reset"}, material.Run("demo")).exit_code == 0);
  CHECK(QueryFile(material.folder.File("demo.db"), users) == "0");
  CHECK(QueryFile(material.folder.File("demo.db"), "SELECT product_id FROM products") == "tea");
  CHECK(RunKiosk({"reset", "--seed", "other.json"}, material.Run("demo")).exit_code == 0);
  CHECK(QueryFile(material.folder.File("demo.db"), "SELECT product_id FROM products") == "nut");
}

TEST_CASE("what the command line says comes before what is packed") {
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build", "--seed", "seed.json", "--port", "4100"});
  fs::create_directory(material.folder.File("newer"));
  WriteFile(material.folder.File("newer/index.html"), "<h1>Newer</h1>");
  Kiosk demo({"--quiet", "--frontend", "newer", "--db", "own.db"}, material.Run("demo"));
  CHECK(demo.port() != 4100);
  CHECK(Ask(demo.port(), "GET", "/").body == "<h1>Newer</h1>");
  CHECK(Ask(demo.port(), "GET", "/assets/main-DiwrgTda.js").status == 404);
  CHECK(Ask(demo.port(), "GET", "/api/products").body == kTea);
  CHECK(demo.Stop().exit_code == 0);
  CHECK(fs::exists(material.folder.File("own.db")));
  CHECK_FALSE(fs::exists(material.folder.File("demo.db")));
}

TEST_CASE("a packed frontend holds what its folder serves, and nothing that lies outside of it") {
  const Material material;
  const auto link = [&material](const char* to, const char* name) {
    fs::create_symlink(to, material.folder.File(name));
  };
  WriteFile(material.folder.File("secret.txt"), "from outside");
  fs::create_directories(material.folder.File("build-2"));
  WriteFile(material.folder.File("build-2/secret.txt"), "from outside");
  link("../secret.txt", "build/link.txt");
  link("..", "build/up");
  link("../build-2", "build/beside");
  link("/etc/passwd", "build/passwd.txt");
  link("nowhere", "build/dangling.txt");
  link("index.html", "build/inside.html");
  link("assets", "build/static");
  link("..", "build/assets/circle");
  WriteFile(material.folder.File("build/.well-known"), "dot");
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--frontend", "build"}, material.In()).exit_code == 0);
  CHECK(ReadFile(material.folder.File("demo")).find("from outside") == std::string::npos);

  const std::pair<std::string, int> files[] = {
      {"/", 200},
      {"/inside.html", 200},
      {"/assets/main-DiwrgTda.js", 200},
      {"/.well-known", 200},
      {"/static/main-DiwrgTda.js", 200},
      {"/link.txt", 404},
      {"/up/secret.txt", 404},
      {"/beside/secret.txt", 404},
      {"/passwd.txt", 404},
      {"/dangling.txt", 404},
      {"/../secret.txt", 404},
  };
  const Kiosk folder({"--quiet", "--memory", "--frontend", "build"}, material.In());
  const Kiosk packed({"--quiet", "--memory"}, material.Run("demo"));
  for (const auto& [path, status] : files) {
    CAPTURE(path);
    const Answer answer = Ask(packed.port(), "GET", path);
    const Answer served = Ask(folder.port(), "GET", path);
    CHECK(answer.status == status);
    CHECK(served.status == status);
    CHECK(answer.body == served.body);
    for (const char* header : {"etag", "content-type", "cache-control"}) {
      CHECK(answer.Header(header) == served.Header(header));
    }
    if (status != 200) continue;
    const Headers known = {{"If-None-Match", answer.Header("etag")}};
    CHECK(Ask(packed.port(), "GET", path, "", known).status == 304);
    CHECK(Ask(packed.port(), "HEAD", path).status == 200);
  }
}

TEST_CASE("of what is packed again each part can be replaced, and the others stay") {
  const Material material;
  material.Pack({"-o", "first", "--frontend", "build", "--seed", "seed.json", "--port", "4100"});
  fs::create_directory(material.folder.File("newer"));
  WriteFile(material.folder.File("newer/index.html"), "<h1>Newer</h1>");
  WriteFile(material.folder.File("other.json"), R"({"starting_balance": 1})");
  {
    Kiosk first({"--quiet", "--db", "first.db"}, material.Run("first"));
    CHECK(Ask(first.port(), "GET", "/api/users/ana").status == 200);
    CHECK(first.Stop().exit_code == 0);
  }
  const struct {
    std::vector<std::string> arguments;
    std::string page;
    std::string products;
    std::string port;
    std::string users;  // from the start
  } rows[] = {
      {{}, "<h1>Acme</h1>", kTea, "4100", "0"},
      {{"--frontend", "newer"}, "<h1>Newer</h1>", kTea, "4100", "0"},
      {{"--seed", "other.json"}, "<h1>Acme</h1>", R"({"products":[]})", "4100", "0"},
      {{"--with-data"}, "<h1>Acme</h1>", kTea, "4100", "1"},
      {{"--port", "4200"}, "<h1>Acme</h1>", kTea, "4200", "0"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.port);
    std::vector<std::string> arguments{"pack", "-o", "second"};
    arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
    REQUIRE(RunKiosk(arguments, material.Run("first")).exit_code == 0);
    CHECK(RunKiosk({"--help"}, material.Run("second"))
              .out.starts_with("second: a packed kiosk. It carries a frontend of "));
    CHECK(RunKiosk({"--help"}, material.Run("second"))
              .out.find("its own data and port " + row.port + ".\n") != std::string::npos);
    {
      Kiosk second({"--quiet"}, material.Run("second"));
      CHECK(Ask(second.port(), "GET", "/").body == row.page);
      CHECK(Ask(second.port(), "GET", "/api/products").body == row.products);
      CHECK(second.Stop().exit_code == 0);
    }
    CHECK(QueryFile(material.folder.File("second.db"), "SELECT count(*) FROM users") == row.users);
    fs::remove(material.folder.File("second.db"));
  }
}

TEST_CASE("packing leaves files beside the new one alone, whatever their names") {
  const Material material;
  for (const char* name : {"demo.new", "demo.pack", "demo.db"}) {
    WriteFile(material.folder.File(name), name);
  }
  material.Pack({"-o", "demo", "--frontend", "build"});
  for (const char* name : {"demo.new", "demo.pack", "demo.db"}) {
    CHECK(ReadFile(material.folder.File(name)) == name);
  }
  CHECK(std::distance(fs::directory_iterator(material.folder.path()), {}) == 6);
}

TEST_CASE("packing replaces an earlier demo, also the one that packs while it is served") {
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build"});
  Kiosk demo({"--quiet", "--memory"}, material.Run("demo"));
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--seed", "seed.json"}, material.Run("demo")).exit_code ==
          0);
  CHECK(Ask(demo.port(), "GET", "/").body == "<h1>Acme</h1>");
  CHECK(Ask(demo.port(), "POST", "/_kiosk/reset").status == 200);
  CHECK(demo.Stop().exit_code == 0);
  const Kiosk again({"--quiet", "--memory"}, material.Run("demo"));
  CHECK(Ask(again.port(), "GET", "/").body == "<h1>Acme</h1>");
  CHECK(Ask(again.port(), "GET", "/api/products").body == kTea);
}

TEST_CASE("packing replaces nothing but a demo, least of all the database that it reads") {
  const Material material;
  REQUIRE(RunKiosk({"reset"}, material.In()).exit_code == 0);
  const std::string before = ReadFile(material.folder.File("kiosk.db"));
  const Finished refused = RunKiosk({"pack", "-o", "kiosk.db", "--with-data"}, material.In());
  CHECK(refused.exit_code == 1);
  CHECK(refused.err ==
        "kiosk: cannot write kiosk.db: it is not a demo, and only an earlier demo of the same name "
        "is "
        "replaced; choose another name with -o\n");
  CHECK(ReadFile(material.folder.File("kiosk.db")) == before);
  WriteFile(material.folder.File("notes"), "EL");
  CHECK(RunKiosk({"pack", "-o", "notes"}, material.In()).exit_code == 1);
  CHECK(ReadFile(material.folder.File("notes")) == "EL");
}

TEST_CASE("a packed executable can be packed again, and keeps what is not replaced") {
  const Material material;
  material.Pack({"-o", "first", "--frontend", "build", "--seed", "seed.json"});
  const Finished again =
      RunKiosk({"pack", "-o", "second", "--name", "second"}, material.Run("first"));
  REQUIRE_MESSAGE(again.exit_code == 0, again.err);
  // Nothing of the first pack is left in the file.
  CHECK(fs::file_size(material.folder.File("second")) ==
        fs::file_size(material.folder.File("first")));
  Kiosk second({"--quiet", "--memory"}, material.Run("second"));
  CHECK(Ask(second.port(), "GET", "/").body == "<h1>Acme</h1>");
  CHECK(Ask(second.port(), "GET", "/api/products").body == kTea);
}

TEST_CASE("a pack begins at a page on machines with pages of 64 KiB as well") {
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build"});
  const std::string demo = ReadFile(material.folder.File("demo"));
  const size_t begin = demo.find(std::string("SQLite format 3\0", 16), fs::file_size(KioskPath()));
  REQUIRE(begin != std::string::npos);
  CHECK(begin % 65536 == 0);
}

TEST_CASE("a damaged or cut-off pack says so") {
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build"});
  const std::string whole = ReadFile(material.folder.File("demo"));
  std::string damaged = whole;
  damaged[whole.size() - 5000] ^= 1;
  const std::pair<const char*, std::string> files[] = {
      {"cut", whole.substr(0, whole.size() - 1)},
      {"half", whole.substr(0, fs::file_size(KioskPath()))},
      {"longer", whole + "x"},
      {"damaged", damaged},
  };
  for (const auto& [name, content] : files) {
    CAPTURE(name);
    WriteFile(material.folder.File(name), content);
    ::chmod(material.folder.File(name).c_str(), 0755);
    const Finished finished = RunKiosk({"--port", "0"}, material.Run(name));
    CHECK(finished.exit_code == 1);
    CHECK(finished.out.empty());
    CHECK(finished.err ==
          "kiosk: this executable carries a pack that is damaged or cut off; copy it again from "
          "where it came\n");
  }
  CHECK_FALSE(fs::exists(material.folder.File("demo.db")));
}

TEST_CASE("a pack whose database tells a wrong size is served, and the file stays as it is") {
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build", "--seed", "seed.json"});
  const std::string path = material.folder.File("demo");
  std::string bytes = ReadFile(path);
  const size_t at = bytes.find("kiosk pack slot:");
  REQUIRE(at != std::string::npos);
  kiosk::embedded::PackSlot slot{};
  std::memcpy(&slot, bytes.data() + at, sizeof slot);
  bytes[slot.offset + 31] = 0;  // the last byte of the number of pages (SQLite file format, 1.3)
  slot.hash = kiosk::DemoChecksum(std::string_view(bytes).substr(0, slot.offset),
                                  std::string_view(bytes).substr(slot.offset));
  std::memcpy(bytes.data() + at, &slot, sizeof slot);
  WriteFile(path, bytes);
  Kiosk demo({"--quiet", "--memory"}, material.Run("demo"));
  CHECK(Ask(demo.port(), "GET", "/").body == "<h1>Acme</h1>");
  CHECK(Ask(demo.port(), "GET", "/api/products").body == kTea);
  CHECK(Ask(demo.port(), "POST", "/_kiosk/reset").status == 200);
  CHECK(demo.Stop().exit_code == 0);
  CHECK(ReadFile(path) == bytes);
}

TEST_CASE("a pack that cannot be made says why and leaves nothing behind") {
  const Material material;
  fs::create_directories(material.folder.File("empty"));
  struct Row {
    std::vector<std::string> arguments;
    int exit_code;
    std::string error;
  };
  const Row rows[] = {
      {{"pack"}, 2, "kiosk: --output is required; see kiosk pack --help\n"},
      {{"pack", "-o", "demo", "--with-data", "--seed", "seed.json"},
       2,
       "kiosk: --seed excludes --with-data; see kiosk pack --help\n"},
      {{"pack", "-o", "demo", "--name", "a\nb"},
       2,
       "kiosk: --name: a b is not a name without control characters; see kiosk pack --help\n"},
      {{"pack", "-o", "demo", "--name", ""},
       2,
       "kiosk: --name:  is not a name without control characters; see kiosk pack --help\n"},
      {{"pack", "-o", "demo", "--port", "65536"},
       2,
       "kiosk: --port: 65536 is not a number from 0 to 65535; see kiosk pack --help\n"},
      {{"pack", "-o", "demo", "--seed", "none.json"},
       1,
       "kiosk: cannot read the seed none.json; check the path given to --seed\n"},
      {{"pack", "-o", "none/demo"},
       1,
       "kiosk: cannot write none/demo: No such file or directory; choose another place with -o\n"},
      {{"pack", "-o", "empty"},
       1,
       "kiosk: cannot write empty: it is a folder, and only an earlier demo of the same name is "
       "replaced; choose another name with -o\n"},
      {{"pack", "-o", "demo", "--frontend", "none"},
       1,
       "kiosk: cannot pack the frontend none: there is no such folder; give --frontend the folder "
       "of a build\n"},
      {{"pack", "-o", "demo", "--frontend", "empty"},
       1,
       "kiosk: cannot pack the frontend empty: it has no index.html; give --frontend the folder of "
       "a build\n"},
      {{"pack", "-o", "demo", "--with-data", "--db", "none.db"},
       1,
       "kiosk: cannot use the database none.db: No such file or directory; choose another file "
       "with "
       "--db\n"},
  };
  for (const Row& row : rows) {
    const Finished finished = RunKiosk(row.arguments, material.In());
    CHECK(finished.exit_code == row.exit_code);
    CHECK(finished.err == row.error);
  }
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(material.folder.path())) {
    left.push_back(entry.path().filename().string());
  }
  std::ranges::sort(left);
  CHECK(left == std::vector<std::string>{"build", "empty", "seed.json"});
}

TEST_CASE("a packed executable runs in an empty root, as another user, from a read-only folder") {
  REQUIRE_MESSAGE(::geteuid() == 0, "this test changes root and user, and needs to be root");
  const Material material;
  material.Pack({"-o", "demo", "--frontend", "build", "--seed", "seed.json"});
  const TemporaryFolder root;
  fs::copy_file(material.folder.File("demo"), root.File("demo"));
  fs::create_directory(root.File("place"));
  ::chmod(root.path().c_str(), 0555);
  ::chmod(root.File("place").c_str(), 0777);
  jail = root.path();
  const ChildOptions jailed{.before_exec = EnterJail, .executable = "/demo"};
  {
    Kiosk demo({"--quiet", "--memory"}, jailed);
    CHECK(Ask(demo.port(), "GET", "/api/products").body == kTea);
    CHECK(demo.Stop().exit_code == 0);
  }
  {
    Kiosk demo({"--quiet", "--db", "/place/demo.db"}, jailed);
    CHECK(Ask(demo.port(), "GET", "/").body == "<h1>Acme</h1>");
    CHECK(Ask(demo.port(), "GET", "/api/users/ana").status == 200);
    CHECK(demo.Stop().exit_code == 0);
    CHECK(QueryFile(root.File("place/demo.db"), "SELECT user_id FROM users") == "ana");
  }
  const Finished refused = RunKiosk({"--port", "0"}, jailed);
  CHECK(refused.exit_code == 1);
  CHECK(
      refused.err ==
      "kiosk: cannot use the database demo.db: Permission denied; choose another place with --db, "
      "or use --memory\n");
}
