// Which files a folder that is served or packed has, whatever its names and links say, and however
// they change meanwhile.
#include "store/folder.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <thread>

#include "tests/harness.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

namespace fs = std::filesystem;

const Headers kPage = {{"Accept", "text/html"}};

constexpr char kNotFound[] = R"({"error":"not_found","message":"No resource at this path."})";
constexpr char kNoIndex[] =
    R"({"error":"not_found","message":"The frontend has no index.html at the moment; build it again."})";

struct Build {
  TemporaryFolder folder;

  Build() {
    Write("index.html", "<h1>Root</h1>");
    Write("assets/main.js", "export {}\n");
    WriteFile(folder.File("secret.txt"), "from outside");
  }

  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(File(name)).parent_path());
    WriteFile(File(name), text);
  }
  void Link(const std::string& to, const std::string& name) const {
    fs::create_symlink(to, File(name));
  }
  [[nodiscard]] std::string File(const std::string& name) const {
    return folder.File("build/" + name);
  }
  [[nodiscard]] ChildOptions In() const { return {.folder = folder.path()}; }
  [[nodiscard]] Finished Pack() const {
    return RunKiosk({"pack", "-o", "demo", "--frontend", "build"}, In());
  }
};

// The locks that a process holds, as the system lists them.
std::string LocksOf(pid_t pid) {
  std::ifstream locks("/proc/locks");
  std::string held;
  for (std::string line; std::getline(locks, line);) {
    if (line.find(" " + std::to_string(pid) + " ") != std::string::npos) {
      held += line.substr(line.find(':')) + "\n";
    }
  }
  return held;
}

// Two values of what a path is, in turn, as fast as it goes.
class Swapper {
 public:
  Swapper(std::string path, std::string first, std::string second)
      : path_(std::move(path)), targets_{std::move(first), std::move(second)} {
    Swap(0);
    thread_ = std::thread([this] {
      for (size_t i = 1; !stop_; ++i) Swap(i % 2);
    });
  }
  ~Swapper() {
    stop_ = true;
    thread_.join();
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;

 private:
  void Swap(size_t which) {
    const std::string fresh = path_ + ".next";
    static_cast<void>(::symlink(targets_[which].c_str(), fresh.c_str()));
    static_cast<void>(::rename(fresh.c_str(), path_.c_str()));
  }

  std::string path_;
  std::string targets_[2];
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE("names that start with a dot are neither served nor packed") {
  const Build build;
  build.Write(".env", "SECRET=1");
  build.Write(".git/config", "SECRET");
  build.Write("assets/.htpasswd", "SECRET");
  build.Write("assets/.cache/deep/file.js", "SECRET");
  build.Write(".well-known/security.txt", "Contact: us");
  build.Write(".well-known/.hidden", "SECRET");
  build.Write("..js", "SECRET");
  build.Link(".env", "env.txt");
  build.Link("assets/.cache", "cache");
  const Finished packed = build.Pack();
  CHECK(packed.exit_code == 0);
  CHECK(packed.out.empty());
  CHECK(packed.err ==
        "kiosk: left out ..js: a name that starts with a dot\n"
        "kiosk: left out .env: a name that starts with a dot\n"
        "kiosk: left out .git: a name that starts with a dot\n"
        "kiosk: left out .well-known/.hidden: a name that starts with a dot\n"
        "kiosk: left out assets/.cache: a name that starts with a dot\n"
        "kiosk: left out assets/.htpasswd: a name that starts with a dot\n"
        "kiosk: left out cache: a name that starts with a dot\n"
        "kiosk: left out env.txt: a name that starts with a dot\n");
  CHECK(test::ReadFile(build.folder.File("demo")).find("SECRET") == std::string::npos);
  const Kiosk folder({"--quiet", "--memory", "--frontend", "build"}, build.In());
  const Kiosk demo({"--quiet", "--memory"},
                   {.folder = build.folder.path(), .executable = build.folder.File("demo")});
  for (const Kiosk* kiosk : {&folder, &demo}) {
    for (const char* path :
         {"/.env", "/%2eenv", "/%2Eenv", "/.git/config", "/.git/", "/.git", "/assets/.htpasswd",
          "/assets/%2ehtpasswd", "/assets/.cache/deep/file.js", "/.well-known/.hidden",
          "/.well-known/%2ehidden", "/..js", "/env.txt", "/cache/deep/file.js", "/./index.html",
          "/assets/../.env", "/assets/%2e%2e/.env", "/assets%2f.htpasswd"}) {
      CAPTURE(std::string(path));
      const Answer answer = Ask(kiosk->port(), "GET", path);
      CHECK(answer.status == 404);
      CHECK(answer.body == kNotFound);
    }
    CHECK(Ask(kiosk->port(), "GET", "/.env", "", kPage).status == 404);
    CHECK(Ask(kiosk->port(), "GET", "/users/.ana", "", kPage).body == "<h1>Root</h1>");
    CHECK(Ask(kiosk->port(), "GET", "/.well-known/security.txt").body == "Contact: us");
  }
}

TEST_CASE("the database in the folder that is served is never opened, under any name") {
  const Build build;
  const Kiosk kiosk({"--quiet", "--frontend", ".", "--db", "data/kiosk.db"}, {.folder = [&build] {
                      fs::create_directory(build.File("data"));
                      return build.folder.File("build");
                    }()});
  CHECK(Ask(kiosk.port(), "GET", "/api/users/ana").status == 200);
  fs::create_hard_link(build.File("data/kiosk.db"), build.File("copy.bin"));
  fs::create_hard_link(build.File("data/kiosk.db-wal"), build.File("wal.bin"));
  build.Link("data/kiosk.db", "link.bin");
  build.Link("data", "other");
  const std::string locks = LocksOf(kiosk.pid());
  CHECK(locks.find("POSIX") != std::string::npos);
  for (const char* path :
       {"/data/kiosk.db", "/data/kiosk.db-wal", "/data/kiosk.db-shm", "/copy.bin", "/wal.bin",
        "/link.bin", "/other/kiosk.db", "/data%2fkiosk.db"}) {
    CAPTURE(std::string(path));
    for (const char* range : {"", "bytes=0-15"}) {
      const Headers headers = *range ? Headers{{"Range", range}} : Headers{};
      CHECK(Ask(kiosk.port(), "GET", path, "", headers).body == kNotFound);
    }
    CHECK(Ask(kiosk.port(), "HEAD", path).status == 404);
  }
  // Former databases that kiosk has put aside.
  for (const char* suffix : {".before-restore-1", ".damaged-1", "-wal.orphan-1"}) {
    const std::string name = std::string("data/kiosk.db") + suffix;
    WriteFile(build.File(name), "a former database");
    CHECK(Ask(kiosk.port(), "GET", "/" + name).body == kNotFound);
    fs::remove(build.File(name));
  }
  // The opened file, moved away and into the frontend: its inode tells.
  fs::rename(build.File("data/kiosk.db"), build.File("assets/moved.js"));
  fs::remove(build.File("copy.bin"));
  CHECK(Ask(kiosk.port(), "GET", "/assets/moved.js").body == kNotFound);
  CHECK(LocksOf(kiosk.pid()) == locks);
  fs::rename(build.File("assets/moved.js"), build.File("data/kiosk.db"));
  fs::create_hard_link(build.File("data/kiosk.db"), build.File("copy.bin"));
  // Packed while it is in use.
  const Finished packed =
      RunKiosk({"pack", "-o", "../demo", "--frontend", ".", "--db", "data/kiosk.db"},
               {.folder = build.folder.File("build")});
  CHECK(packed.exit_code == 0);
  const std::string reason = ": the database, or another file that kiosk works with\n";
  CHECK(packed.err ==
        "kiosk: left out copy.bin" + reason + "kiosk: left out data/kiosk.db" + reason +
            "kiosk: left out data/kiosk.db-shm" + reason + "kiosk: left out data/kiosk.db-wal" +
            reason + "kiosk: left out link.bin" + reason + "kiosk: left out other/kiosk.db" +
            reason + "kiosk: left out other/kiosk.db-shm" + reason +
            "kiosk: left out other/kiosk.db-wal" + reason + "kiosk: left out wal.bin" + reason);
}

TEST_CASE("pipes, sockets and devices are not opened") {
  const Build build;
  REQUIRE(::mkfifo(build.File("pipe.js").c_str(), 0600) == 0);
  build.Link("pipe.js", "link.js");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(build.File("socket").size() < sizeof address.sun_path);
  std::strcpy(address.sun_path, build.File("socket").c_str());
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const Finished packed = build.Pack();
  CHECK(packed.exit_code == 0);
  CHECK(packed.err ==
        "kiosk: left out link.js: not a file\n"
        "kiosk: left out pipe.js: not a file\n"
        "kiosk: left out socket: not a file\n");
  const Kiosk kiosk({"--quiet", "--memory", "--frontend", "build"}, build.In());
  for (const char* path : {"/pipe.js", "/link.js", "/socket", "/socket/x", "/assets"}) {
    CHECK(Ask(kiosk.port(), "GET", path).body == kNotFound);
  }
  ::close(fd);
}

TEST_CASE("links work as long as they stay in the folder") {
  const Build build;
  build.Link("assets", "static");
  build.Link("index.html", "inside.html");
  build.Link(build.File("index.html"), "absolute.html");
  build.Link("../build/assets/main.js", "around.js");
  build.Link("../secret.txt", "outside.txt");
  build.Link(build.folder.File("secret.txt"), "outside-2.txt");
  build.Link("..", "up");
  build.Link("/proc/self/environ", "environ.txt");
  build.Link("/proc/self/fd", "fd");
  build.Link("nowhere", "dangling.txt");
  build.Link("loop.txt", "loop.txt");
  build.Link("..", "assets/circle");
  const Finished packed = build.Pack();
  CHECK(packed.exit_code == 0);
  const std::string outside = ": a link that leads out of the folder\n";
  const std::string nowhere = ": a link that leads nowhere, or back to a folder that it is in\n";
  CHECK(packed.err ==
        "kiosk: left out assets/circle" + nowhere + "kiosk: left out dangling.txt" + nowhere +
            "kiosk: left out environ.txt" + outside + "kiosk: left out fd" + outside +
            "kiosk: left out loop.txt" + nowhere + "kiosk: left out outside-2.txt" + outside +
            "kiosk: left out outside.txt" + outside + "kiosk: left out static/circle" + nowhere +
            "kiosk: left out up" + outside);
  const Kiosk folder({"--quiet", "--memory", "--frontend", "build"}, build.In());
  const Kiosk demo({"--quiet", "--memory"},
                   {.folder = build.folder.path(), .executable = build.folder.File("demo")});
  for (const Kiosk* kiosk : {&folder, &demo}) {
    for (const char* path : {"/static/main.js", "/around.js"}) {
      CHECK(Ask(kiosk->port(), "GET", path).body == "export {}\n");
    }
    for (const char* path : {"/inside.html", "/absolute.html"}) {
      CHECK(Ask(kiosk->port(), "GET", path).body == "<h1>Root</h1>");
    }
    for (const char* path :
         {"/outside.txt", "/outside-2.txt", "/up/secret.txt", "/environ.txt", "/fd/0",
          "/dangling.txt", "/loop.txt", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
          "/static/../../secret.txt", "//etc/passwd", "/%2fetc/passwd", "/index.html%00.js",
          "/index.html/", "/assets//main.js"}) {
      CAPTURE(std::string(path));
      CHECK(Ask(kiosk->port(), "GET", path).status == 404);
    }
  }
}

TEST_CASE("links that are swapped while they are read never lead out of the folder") {
  const Build build;
  build.Write("inside/file.txt", "from inside");
  fs::create_directory(build.folder.File("outside"));
  WriteFile(build.folder.File("outside/file.txt"), "from outside");
  const Kiosk kiosk({"--quiet", "--memory", "--frontend", "build"}, build.In());
  const Folder folder(build.folder.File("build"), nullptr);
  const Swapper file(build.File("file.txt"), "inside/file.txt", "../outside/file.txt");
  const Swapper directory(build.File("directory"), "inside", build.folder.File("outside"));
  int inside = 0;
  Connection connection(kiosk.port());
  for (int i = 0; i < 3000 / kSlowdown; ++i) {
    const std::string path = i % 2 == 0 ? "file.txt" : "directory/file.txt";
    if (const auto content = folder.Read(path)) {
      REQUIRE(*content == "from inside");
      ++inside;
    }
    const auto answer = connection.Ask("GET", "/" + path);
    REQUIRE(answer);
    if (answer->status == 200) {
      REQUIRE(answer->body == "from inside");
    } else {
      REQUIRE(answer->body == kNotFound);
    }
  }
  CHECK(inside > 0);
}

TEST_CASE("a build that is made again is served whole or not at all") {
  const Build build;
  const Kiosk kiosk({"--quiet", "--memory", "--frontend", "build"}, build.In());
  const auto content = [](int version) {
    std::string text = "<!-- " + std::to_string(version) + " -->";
    return text + std::string(200'000, static_cast<char>('a' + version % 26)) + text;
  };
  std::atomic<bool> done = false;
  std::thread builder([&] {
    for (int version = 0; version < 25; ++version) {
      fs::remove_all(build.folder.File("build"));
      fs::create_directories(build.File("assets"));
      for (const char* name : {"assets/main.js", "index.html"}) {
        std::ofstream file(build.File(name), std::ios::binary);
        const std::string text = content(version);
        file.flush();
        file << text.substr(0, 100'000) << std::flush;
        std::this_thread::yield();
        file << text.substr(100'000);
      }
    }
    done = true;
  });
  const auto is_whole = [&content](const std::string& body) {
    if (body == "<h1>Root</h1>" || body == "export {}\n") return true;
    for (int version = 0; version < 25; ++version) {
      if (body == content(version)) return true;
    }
    return false;
  };
  const std::tuple<const char*, Headers, std::string> requests[] = {
      {"/", kPage, kNoIndex}, {"/assets/main.js", {}, kNotFound}, {"/deep/link", kPage, kNoIndex}};
  while (!done) {
    for (const auto& [path, headers, otherwise] : requests) {
      const Answer answer = Ask(kiosk.port(), "GET", path, "", headers);
      const bool is_right = answer.status == 200 ? is_whole(answer.body) : answer.body == otherwise;
      CAPTURE(answer.status);
      CAPTURE(answer.body.size());
      CHECK(is_right);
    }
  }
  builder.join();
  CHECK(Ask(kiosk.port(), "GET", "/").body == content(24));
  CHECK(Ask(kiosk.port(), "GET", "/assets/main.js").body == content(24));

  fs::remove_all(build.folder.File("build"));
  for (const auto& [path, headers, otherwise] : requests) {
    const Answer answer = Ask(kiosk.port(), "GET", path, "", headers);
    CHECK(answer.status == 404);
    CHECK(answer.body == otherwise);
  }
  build.Write("index.html", "");
  CHECK(Ask(kiosk.port(), "GET", "/").body == kNoIndex);
  build.Write("empty.css", "");
  CHECK(Ask(kiosk.port(), "GET", "/empty.css").status == 200);
  build.Write("index.html", "<h1>New</h1>");
  CHECK(Ask(kiosk.port(), "GET", "/").body == "<h1>New</h1>");
}

TEST_CASE("a folder whose page is no file is refused") {
  const TemporaryFolder folder;
  fs::create_directories(folder.File("directory/index.html"));
  fs::create_directories(folder.File("pipe"));
  REQUIRE(::mkfifo(folder.File("pipe/index.html").c_str(), 0600) == 0);
  fs::create_directories(folder.File("link"));
  WriteFile(folder.File("page.html"), "x");
  fs::create_symlink("../page.html", folder.File("link/index.html"));
  const struct {
    std::string path;
    std::string reason;
  } rows[] = {
      {.path = "directory", .reason = "it has no index.html"},
      {.path = "pipe", .reason = "it has no index.html"},
      {.path = "link", .reason = "it has no index.html"},
      {.path = "none", .reason = "there is no such folder"},
      {.path = "none/dist", .reason = "there is no such folder"},
      {.path = "page.html", .reason = "it is not a folder"},
      {.path = "page.html/dist", .reason = "there is no such folder"},
  };
  for (const auto& [path, reason] : rows) {
    CAPTURE(path);
    const Finished served =
        RunKiosk({"--port", "0", "--frontend", path}, {.folder = folder.path()});
    CHECK(served.exit_code == 1);
    CHECK(served.err == "kiosk: cannot serve the frontend " + path + ": " + reason +
                            "; give --frontend the folder of a build\n");
    const Finished packed =
        RunKiosk({"pack", "-o", "demo", "--frontend", path}, {.folder = folder.path()});
    CHECK(packed.exit_code == 1);
    CHECK(packed.err == "kiosk: cannot pack the frontend " + path + ": " + reason +
                            "; give --frontend the folder of a build\n");
  }
}
