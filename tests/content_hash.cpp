#include "http/content_hash.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <random>
#include <string>

#include "tests/harness.h"

using kiosk::HasContentHash;

TEST_CASE("names with a content hash are recognized in the forms of the common build tools") {
  for (const std::string path : {
           // Vite and Rollup
           "index-DiwrgTda.js",
           "assets/index-DiwrgTda.css",
           "assets/index-DiwrgTda.js.map",
           "assets/index-legacy-DiwrgTda.js",
           "assets/index-C4-xY_z9.js",
           "assets/logo--abcDEF1.svg",
           "assets/logo-_bcDEF1-.svg",
           "assets/polyfills-legacy-B1s8Uw_k.js",
           "assets/a-B1s8Uwxk.js",
           "assets/worker-Ab12Cd34.worker.js",
           "assets/Inter-SemiBold-DiwrgTda.woff2",
           "assets/index.4f9ef4a2.js",
           "assets/index.DiwrgTda.js",
           "index-4f9ef4a2.js",
           "assets/index-Cq8sfRrZ.js.gz",
           "assets/intro-x3JkLm9Q.MP4",
           // webpack and Create React App
           "main.6078460a.chunk.js",
           "main.60784603.chunk.js",
           "787.1234abcd.chunk.js",
           "static/js/main.6078460a.js",
           "static/js/main.60784603.js",
           "static/css/main.deadbeef.css",
           "static/css/main.6078460a.chunk.css.map",
           "static/js/2.6078460a.chunk.js.LICENSE.txt",
           "static/js/main.6078460a.js.LICENSE.txt",
           "static/js/runtime~main.a5b12afe.js",
           "static/media/logo.5d5d9eef.svg",
           "static/media/logo.5d5d9eef31b8d7a4.svg",
           "static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg",
           "vendors~main.12345678.chunk.js",
           "main.1a2b3c4d5e6f7a8b9c0d.js",
           "main.1a2b3c4d5e.js",
           "static/media/A-B.5d5d9eef.PNG",
           "4b0e28f5e6f3b1c7a1d2.png",
           "6ce24c58023cc2f8fd88fe9d219db6c6.png",
           "1234abcd.js",
           "precache-manifest.6ce24c58023cc2f8fd88fe9d219db6c6.js",
           // others
           "_next/static/chunks/main-1a2b3c4d5e6f7890.js",
           "main-5QJXUBWE.js",
           "chunk-AB23CDEF.js",
           "_app/immutable/chunks/DiwrgTda.js",
           "_app/immutable/entry/start.DiwrgTda.js",
           "_astro/index.DiwrgTda.css",
           "entry-QZXCVBNM.css",
           "media/roboto-XQJKVWZP.woff2",
           "_next/static/media/e4af272ccee01ff0-s.p.woff2",
           "_next/static/Tm3xAp0bQxk7_dJ4aXhLq/_buildManifest.js",
           "_next/static/chunks/app/layout-4bd1b696e5d7c65c.js",
           "_next/static/css/7cca8e2c5137bd71.css",
           "_nuxt/DiwrgTda.js",
           "_nuxt/entry.DiwrgTda.css",
           "_nuxt/error-404.CjGVuf6H.css",
           "docs/_nuxt/DiwrgTda.js",
           "base/_app/immutable/workers/main.js",
           "_app/immutable/nodes/0.DiwrgTda.js",
       }) {
    CAPTURE(path);
    CHECK(HasContentHash(path));
  }
}

TEST_CASE("names without a content hash are not taken for hashed ones") {
  for (const std::string path : {
           "",
           "/",
           "index.html",
           "main.js",
           "favicon.ico",
           "manifest.webmanifest",
           "robots.txt",
           "asset-manifest.json",
           "service-worker.js",
           "registerSW.js",
           "runtime-config.js",
           "jquery-3.6.0.min.js",
           "jquery.validate.js",
           "jquery.dataTables.min.js",
           "index-component.js",
           "bootstrap.bundle.js",
           "bootstrap-5.3.0-dist.css",
           "react.development.js",
           "lodash.debounce.js",
           "app.config.json",
           "app.settings.json",
           "my-document.pdf",
           "my-Document.pdf",
           "my-DOCUMENT.pdf",
           "README-TEMPLATE.md",
           "icon-192x192.png",
           "icon-512x512.png",
           "icon-1024x768.png",
           "apple-touch-icon-180x180.png",
           "assets/Inter-SemiBold.woff2",
           "assets/Inter-DemiBold.woff2",
           "assets/Roboto-Regular.ttf",
           "assets/Roboto-BoldItalic.ttf",
           "assets/app-Settings.js",
           "assets/app-AppShell.js",
           "assets/card-UserCard.svg",
           "assets/photo-IMG_2024.jpg",
           "assets/photo-iPhone12.png",
           "report.20240131.pdf",
           "report-20240131.pdf",
           "report-2024-01-31.csv",
           "x-24-01-31.csv",
           "photo-12345678.jpg",
           "page-my-first.html",
           "user-name_tag.js",
           "section-layout12.css",
           "assets/house-3dmodels.glb",
           "550e8400-e29b-41d4-a716-446655440000.png",
           "main.1a2b3c4.js",
           "main.1234567.js",
           "index-DiwrgTd.js",
           "index-DiwrgTdaa.js",
           "-DiwrgTda",
           "DiwrgTda.js",
           "DiwrgTda/index.js",
           "main.6078460a.chunk.js/index.html",
           "6078460a",
           "main.6078460a",
           "immutable/main.js",

           "v2.10.20240131.zip",
           "index-DOWNLOAD.css",
           "index-YYYYMMDD.csv",
           "form-FEEDBACK.html",
           "text-SYLLABUS.pdf",
           "data-DATABASE.csv",
           "logo-HTMLPAGE.svg",
           "jquery-migrate.js",
           "chart-controller.js",
           "_nuxt/builds/latest.json",
           "_nuxt/index.html",
           "_next/static/",
           "_next/static/development/_buildManifest.js",
           "_next/data/build/index.json",
           "_next/image.js",
           "my_nuxt/entry.js",
           "x_next/static/main.js",
           "_app/version.json",
           "_app/env.js",
           "static/immutable.js",
       }) {
    CAPTURE(path);
    CHECK_FALSE(HasContentHash(path));
  }
}

TEST_CASE("of random hashes nearly all are recognized") {
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same names in each run
  const std::string base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::string hex = "0123456789abcdef";
  const auto draw = [&random](const std::string& alphabet) {
    std::string text;
    for (int i = 0; i < 8; ++i) text += alphabet[random() % alphabet.size()];
    return text;
  };
  int vite = 0;
  int webpack = 0;
  for (int i = 0; i < 10'000; ++i) {
    vite += HasContentHash("assets/index-" + draw(base64url) + ".js") ? 1 : 0;
    webpack += HasContentHash("static/js/main." + draw(hex) + ".chunk.js") ? 1 : 0;
  }
  const std::string base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  int esbuild = 0;
  for (int i = 0; i < 10'000; ++i) {
    esbuild += HasContentHash("main-" + draw(base32) + ".js") ? 1 : 0;
  }
  CHECK(vite > 9'900);
  CHECK(esbuild > 8'500);
  CHECK(webpack > 9'990);
}

TEST_CASE("a browser keeps a file with a hashed name, and asks again for any other") {
  const kiosk::test::TemporaryFolder folder;
  const auto cache_control = [&folder](const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(folder.File(path)).parent_path());
    kiosk::test::WriteFile(folder.File(path), "content");
    const kiosk::test::Kiosk kiosk({"--memory", "--quiet", "--frontend", folder.path()});
    const auto answer = kiosk::test::Ask(kiosk.port(), "GET", "/" + path);
    CHECK(answer.status == 200);
    CHECK(answer.body == "content");
    return answer.Header("cache-control");
  };
  kiosk::test::WriteFile(folder.File("index.html"), "page");
  for (const std::string path :
       {"_next/static/media/e4af272ccee01ff0-s.p.woff2", "_next/static/b1/_buildManifest.js",
        "_nuxt/DiwrgTda.js", "media/roboto-XQJKVWZP.woff2", "entry-QZXCVBNM.css"}) {
    CAPTURE(path);
    CHECK(cache_control(path) == "public, max-age=31536000, immutable");
  }
  for (const std::string path :
       {"index-DOWNLOAD.css", "jquery-migrate.js", "_nuxt/builds/latest.json", "_next/a.js"}) {
    CAPTURE(path);
    CHECK(cache_control(path) == "no-cache");
  }
}
