// The frontend's files: which path is which file or page, with what type and for how long.
#include "http/static_files.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "http/accept.h"
#include "http/content_type.h"
#include "tests/harness.h"

using namespace kiosk;
using namespace kiosk::test;

namespace {

namespace fs = std::filesystem;

constexpr char kBrowser[] =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
constexpr char kNotFound[] = R"({"error":"not_found","message":"No resource at this path."})";

const Headers kPage = {{"Accept", kBrowser}};
const Headers kScript = {{"Accept", "*/*"}};
const Headers kJson = {{"Accept", "application/json, text/plain, */*"}};

// A build with pages of its own below the root.
struct Build {
  TemporaryFolder folder;

  Build() {
    for (const char* name : {"assets", "about2", "both", "orders"}) {
      fs::create_directories(folder.File(std::string("build/") + name));
    }
    Write("index.html", "<h1>Root</h1>");
    Write("about.html", "<h1>About</h1>");
    Write("about2/index.html", "<h1>About 2</h1>");
    Write("both.html", "<h1>Both, a file</h1>");
    Write("both/index.html", "<h1>Both, a folder</h1>");
    Write("orders/index.html", "<h1>Orders</h1>");
    Write("services.html", "<h1>Services</h1>");
    Write("assets/main.js", "export {}\n");
    Write("assets/a.PNG", "PNG");
    Write("john@example.com", "a file");
  }

  void Write(const std::string& name, const std::string& text) const {
    WriteFile(folder.File("build/" + name), text);
  }
  [[nodiscard]] ChildOptions In() const { return {.folder = folder.path()}; }
};

struct Row {
  std::string path;
  Headers headers;
  int status;
  std::string body;
  std::string location = "";
  bool varies = false;
};

void CheckRows(int port, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CAPTURE(row.headers[0].second);
    const Answer answer = Ask(port, "GET", row.path, "", row.headers);
    CHECK(answer.status == row.status);
    if (row.body != "json") CHECK(answer.body == row.body);
    if (row.body == "json") CHECK(answer.Header("content-type") == "application/json");
    CHECK(answer.Header("location") == row.location);
    bool varies = false;
    for (const auto& [name, value] : answer.headers) {
      if (name == "vary" && value.find("Accept") != std::string::npos) varies = true;
    }
    CHECK(varies == row.varies);
    const Answer head = Ask(port, "HEAD", row.path, "", row.headers);
    CHECK(head.status == row.status);
    CHECK(head.Header("location") == row.location);
  }
}

}  // namespace

TEST_CASE("only a client that prefers a page navigates") {
  for (const char* accept :
       {kBrowser, "text/html", "TEXT/HTML", "text/html, */*", "*/*, text/html", "text/html;q=0.5",
        "text/html; charset=utf-8; q=0.9, application/json;q=0.8", "text/html, application/json",
        "application/xhtml+xml, text/html;q=0.9, */*;q=0.5"}) {
    CAPTURE(std::string(accept));
    CHECK(PrefersHtml(accept));
  }
  for (const char* accept :
       {"", "*/*", "text/*", "application/json", "application/json, text/plain, */*",
        "application/json, text/html", "application/json, text/html;q=0.9", "text/html;q=0, */*",
        "text/html;q=x", "text/htmlx", "image/avif,image/webp,*/*;q=0.8", "text/html;q=0.5,*/*"}) {
    CAPTURE(std::string(accept));
    CHECK_FALSE(PrefersHtml(accept));
  }
}

TEST_CASE("a path is a file, a folder's page, a page without its extension, or the root page") {
  const Build build;
  const std::string root = "<h1>Root</h1>";
  const std::vector<Row> rows = {
      {"/", kPage, 200, root},
      {"/", kScript, 200, root},
      {"/index.html", kPage, 200, root},
      // a folder's own page
      {"/about2", kPage, 308, "", "/about2/"},
      {"/about2", kScript, 308, "", "/about2/"},
      {"/about2?tab=1&x=%20", kPage, 308, "", "/about2/?tab=1&x=%20"},
      {"/%61bout2", kPage, 308, "", "/%61bout2/"},
      {"/about2/", kPage, 200, "<h1>About 2</h1>"},
      {"/about2/", kScript, 200, "<h1>About 2</h1>"},
      {"/both", kPage, 308, "", "/both/"},
      {"/both/", kPage, 200, "<h1>Both, a folder</h1>"},
      {"//about2", kPage, 200, root, "", true},
      // a page without its extension
      {"/about", kPage, 200, "<h1>About</h1>"},
      {"/about", kScript, 200, "<h1>About</h1>"},
      {"/about.html", kPage, 200, "<h1>About</h1>"},
      {"/about?x=1", kPage, 200, "<h1>About</h1>"},
      // files
      {"/assets/main.js", kPage, 200, "export {}\n"},
      {"/assets/main%2Ejs", kScript, 200, "export {}\n"},
      {"/john@example.com", kPage, 200, "a file"},
      // the root page, for whom it is a page
      {"/deep/link", kPage, 200, root, "", true},
      {"/deep/link", kScript, 404, kNotFound, "", true},
      {"/deep/link", kJson, 404, kNotFound, "", true},
      {"/deep/link/", kPage, 200, root, "", true},
      {"/assets/", kPage, 200, root, "", true},
      {"/assets", kPage, 200, root, "", true},
      {"/v1.2", kPage, 200, root, "", true},
      {"/people/mary@shop.co.uk", kPage, 200, root, "", true},
      {"/gone.html", kPage, 200, root, "", true},
      // an asset that is not there
      {"/static/gone.js", kPage, 404, kNotFound},
      {"/static/gone.js", kScript, 404, kNotFound},
      {"/static/gone.JS", kPage, 404, kNotFound},
      {"/static/gone%2ejs", kPage, 404, kNotFound},
      {"/gone.glb", kPage, 404, kNotFound},
      {"/favicon.ico", kPage, 404, kNotFound},
      // bare paths of the API
      {"/orders", kPage, 308, "", "/orders/", true},
      {"/orders/", kPage, 200, "<h1>Orders</h1>", "", true},
      {"/orders", kScript, 200, "json", "", true},
      {"/orders/", kScript, 200, "json", "", true},
      {"/orders", kJson, 200, "json", "", true},
      {"/orders/223", kPage, 200, root, "", true},
      {"/orders/223", kScript, 200, "json", "", true},
      {"/services", kPage, 200, "<h1>Services</h1>", "", true},
      {"/services", kJson, 200, "json", "", true},
      {"/products", kPage, 200, root, "", true},
      {"/users/john@example.com", kPage, 200, root, "", true},
      {"/users/john@example.com", kJson, 200, "json", "", true},
      {"/users/Jo%C3%A3o%20B.", kPage, 200, root, "", true},
      {"/users/face.png", kPage, 404, kNotFound},
      // always the API
      {"/api/users/john@example.com", kPage, 200, "json"},
      {"/api/unknown", kPage, 404, kNotFound},
      {"/%61pi/unknown", kPage, 404, kNotFound},
      {"/api", kPage, 404, kNotFound},
      {"/apiary", kPage, 200, root, "", true},
      {"/healthz", kPage, 200, "json"},
  };
  {
    const Kiosk folder({"--quiet", "--memory", "--frontend", "build"}, build.In());
    CheckRows(folder.port(), rows);
  }
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--frontend", "build"}, build.In()).exit_code == 0);
  const Kiosk packed({"--quiet", "--memory"},
                     {.folder = build.folder.path(), .executable = build.folder.File("demo")});
  CheckRows(packed.port(), rows);
}

TEST_CASE("a method that a file does not support is refused with the ones that it does") {
  const Build build;
  const Kiosk kiosk({"--quiet", "--memory", "--frontend", "build"}, build.In());
  for (const char* path : {"/", "/assets/main.js", "/about", "/about2", "/about2/"}) {
    for (const char* method : {"POST", "PUT", "DELETE"}) {
      CAPTURE(std::string(path));
      const Answer answer = Ask(kiosk.port(), method, path);
      CHECK(answer.status == 405);
      CHECK(answer.Header("allow") == "GET, HEAD, OPTIONS");
    }
    CHECK(Ask(kiosk.port(), "OPTIONS", path).status == 204);
  }
  CHECK(Ask(kiosk.port(), "POST", "/assets/gone.js").status == 404);
  CHECK(Ask(kiosk.port(), "POST", "/deep/link").status == 404);
  CHECK(Ask(kiosk.port(), "DELETE", "/orders").status == 405);
}

TEST_CASE("a file has the type of its extension, in any case") {
  const std::pair<std::string, std::string> rows[] = {
      {"a.js", "text/javascript; charset=utf-8"},
      {"a.MJS", "text/javascript; charset=utf-8"},
      {"dir.png/a.css", "text/css; charset=utf-8"},
      {"a.html", "text/html; charset=utf-8"},
      {"a.PNG", "image/png"},
      {"a.Jpeg", "image/jpeg"},
      {"a.avif", "image/avif"},
      {"a.webp", "image/webp"},
      {"a.svg", "image/svg+xml"},
      {"favicon.ico", "image/x-icon"},
      {"a.ogg", "audio/ogg"},
      {"a.wav", "audio/wav"},
      {"a.mp3", "audio/mpeg"},
      {"a.m4a", "audio/mp4"},
      {"a.flac", "audio/flac"},
      {"a.mp4", "video/mp4"},
      {"a.webm", "video/webm"},
      {"a.ogv", "video/ogg"},
      {"a.vtt", "text/vtt; charset=utf-8"},
      {"a.woff2", "font/woff2"},
      {"a.TTF", "font/ttf"},
      {"a.wasm", "application/wasm"},
      {"site.webmanifest", "application/manifest+json"},
      {"a.js.map", "application/json"},
      {"a.json", "application/json"},
      {"a.glb", "model/gltf-binary"},
      {"a.gltf", "model/gltf+json"},
      {"a.csv", "text/csv; charset=utf-8"},
      {"a.md", "text/markdown; charset=utf-8"},
      {"a.txt", "text/plain; charset=utf-8"},
      {"a.xml", "application/xml"},
      {"a.pdf", "application/pdf"},
      {"a.zip", "application/zip"},
      {"a.tar.gz", "application/gzip"},
      {"a.tar", "application/x-tar"},
      {"a", "application/octet-stream"},
      {"a.", "application/octet-stream"},
      {"a.com", "application/octet-stream"},
      {"a.png/", "application/octet-stream"},
  };
  for (const auto& [path, type] : rows) {
    CAPTURE(path);
    CHECK(ContentType(path) == type);
  }
  CHECK(IsAssetPath("x/gone.JS"));
  CHECK(IsAssetPath("x/gone.bin"));
  for (const char* path : {"", "x", "x.js/y", "john@example.com", "x.html", "v1.2", "x."}) {
    CHECK_FALSE(IsAssetPath(path));
  }
}

TEST_CASE("a hashed name is kept for good, everything else is asked for again") {
  const Build build;
  const std::pair<std::string, bool> rows[] = {
      {"assets/index-DiwrgTda.js", true}, {"main.6078460a.chunk.js", true},
      {"main.60784603.chunk.js", true},   {"787.1234abcd.chunk.js", true},
      {"assets/logo.5d5d9eef.svg", true}, {"assets/index-C4-xY_z9.css", true},
      {"assets/main.js", false},          {"jquery-3.6.0.min.js", false},
      {"assets/icon-192x192.png", false}, {"my-document.pdf", false},
      {"bootstrap.bundle.js", false},     {"index.html", false},
  };
  for (const auto& [name, hashed] : rows) build.Write(name, "x");
  REQUIRE(RunKiosk({"pack", "-o", "demo", "--frontend", "build"}, build.In()).exit_code == 0);
  const Kiosk folder({"--quiet", "--memory", "--frontend", "build"}, build.In());
  const Kiosk packed({"--quiet", "--memory"},
                     {.folder = build.folder.path(), .executable = build.folder.File("demo")});
  for (const Kiosk* kiosk : {&folder, &packed}) {
    for (const auto& [name, hashed] : rows) {
      CAPTURE(name);
      const Answer answer = Ask(kiosk->port(), "GET", "/" + name);
      CHECK(answer.status == 200);
      CHECK(answer.Header("cache-control") ==
            (hashed ? "public, max-age=31536000, immutable" : "no-cache"));
    }
    CHECK(Ask(kiosk->port(), "GET", "/assets/a.PNG").Header("content-type") == "image/png");
    CHECK(Ask(kiosk->port(), "GET", "/about2").Header("cache-control") == "no-cache");
    CHECK(Ask(kiosk->port(), "GET", "/deep", "", kPage).Header("cache-control") == "no-cache");
  }
}
