// React applications built with Vite: served by kiosk, calling /api or the bare paths, and served elsewhere.
import { createServer } from "node:http";
import { readFile, readdir, symlink, writeFile, mkdir, cp, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect } from "./kiosk.js";

// One source, built for the place its API is at.
async function buildApp(api, folder) {
  const { build } = await import("vite");
  process.env.VITE_API = api;
  await build({
    root: join(import.meta.dirname, "apps"),
    configFile: false,
    logLevel: "warn",
    build: { outDir: folder, emptyOutDir: true },
  });
}

// kiosk serves a build that calls `api`.
const test = base.extend({
  api: ["/api", { option: true }],
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "kiosk-app-"));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  args: async ({ api, folder }, use) => {
    const dist = join(folder, "dist");
    await buildApp(api, dist);
    await use(["--frontend", dist]);
  },
});

async function shopTwoProducts(page, kiosk) {
  await page.getByLabel("Name").fill("johndoe");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByTestId("balance")).toHaveText("500.00");
  await expect(page.getByTestId("product")).toHaveText([
    "Netflix, 75.99",
    "Spotify, 40.00",
    "Worten 20% Discount, 20.00",
    "TAP Airlines 12% Discount, 60.00",
    "Health Insurance, 250.00",
    "Personal Equipment Insurance, 60.00",
  ]);
  await page.getByLabel("Netflix").check();
  await page.getByLabel("Spotify").check();
  await page.getByRole("button", { name: "Order for 115.99" }).click();
  await expect(page.getByTestId("balance")).toHaveText("384.01");
  await expect(page.getByLabel("Netflix")).toBeDisabled();
  await expect(page.getByRole("alert")).toHaveText("");
  expect(await kiosk.get("/api/users/johndoe")).toEqual({
    user: { user_id: "johndoe", data: { balance: 384.01, product_ids: ["netflix", "spotify"] } },
  });
}

for (const api of ["/api", ""]) {
  test.describe(`A React build that calls ${api || "bare paths"}`, () => {
    test.use({ api });

    test("signs in, shows six products, orders two and sees the balance fall", async ({
      page,
      kiosk,
    }) => {
      await page.goto("/");
      await shopTwoProducts(page, kiosk);
    });

    test("keeps its route named /orders over a reload, back and forward", async ({
      page,
      kiosk,
    }) => {
      await kiosk.buy("johndoe", "netflix");
      const orders = page.getByTestId("order"),
        all = api ? ["#1"] : ["#223", "#224", "#225"];
      await page.goto("/");
      await page.getByRole("link", { name: "Orders" }).click();
      await expect(orders).toHaveText(all);
      expect(new URL(page.url()).pathname).toBe("/orders");
      await page.reload();
      await expect(page.getByRole("heading")).toHaveText("Orders");
      await expect(orders).toHaveText(all);
      // What the browser kept of one answer must not be taken for the other: the address is the same.
      await page.goto("/deep/link");
      await expect(page.getByLabel("Name")).toBeVisible();
      await page.goBack();
      await expect(page.getByRole("heading")).toHaveText("Orders");
      await expect(orders).toHaveText(all);
      await page.goForward();
      await expect(page.getByLabel("Name")).toBeVisible();
    });
  });
}

base(
  "A React build on another port calls http://localhost:PORT/api",
  async ({ page, kiosk, watch }) => {
    const folder = await mkdtemp(join(tmpdir(), "kiosk-app-"));
    await buildApp(`${kiosk.url}/api`, join(folder, "dist"));
    const types = { html: "text/html", js: "text/javascript", css: "text/css" };
    const server = createServer(async (req, res) => {
      const path = req.url === "/" ? "/index.html" : req.url;
      const content = await readFile(join(folder, "dist", path)).catch(() => null);
      res
        .writeHead(content ? 200 : 404, {
          "Content-Type": types[path.split(".").at(-1)] ?? "text/plain",
        })
        .end(content ?? "");
    });
    try {
      await new Promise(done => server.listen(0, "127.0.0.1", done));
      for (const host of ["localhost", "127.0.0.1"]) {
        await kiosk.ask("POST", "/_kiosk/reset");
        const origin = `http://${host}:${server.address().port}`;
        watch.origins.add(origin);
        await page.goto(origin);
        await shopTwoProducts(page, kiosk);
      }
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    }
  },
);

/** The path goes out as it is written, dots and all. */
function raw(kiosk, path, headers = {}) {
  return new Promise((done, failed) => {
    request({ host: "127.0.0.1", port: kiosk.port, path, headers, agent: false }, answer => {
      let text = "";
      answer
        .setEncoding("utf8")
        .on("data", piece => {
          text += piece;
        })
        .on("end", () => done({ status: answer.statusCode, headers: answer.headers, text }));
    })
      .on("error", failed)
      .end();
  });
}

test("Files of a build have their types, and caches keep exactly those whose names are hashed", async ({
  kiosk,
  folder,
}) => {
  const assets = await readdir(join(folder, "dist", "assets"));
  expect(assets.map(name => name.split(".").at(-1)).sort()).toEqual(["css", "js"]);
  for (const name of assets) {
    const answer = await raw(kiosk, `/assets/${name}`);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe(
      name.endsWith(".js") ? "text/javascript; charset=utf-8" : "text/css; charset=utf-8",
    );
    expect(answer.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(answer.text).toBe(await readFile(join(folder, "dist", "assets", name), "utf8"));
  }
  const index = await raw(kiosk, "/");
  expect(index.status).toBe(200);
  expect(index.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(index.headers["cache-control"]).toBe("no-cache");
  expect(index.text).toBe(await readFile(join(folder, "dist", "index.html"), "utf8"));
  const again = await raw(kiosk, "/", { "If-None-Match": index.headers.etag });
  expect(again.status).toBe(304);
  expect(again.text).toBe("");
  // A new build is seen by a browser that has the old one.
  await writeFile(join(folder, "dist", "index.html"), "<!doctype html><title>new</title>");
  const renewed = await raw(kiosk, "/", { "If-None-Match": index.headers.etag });
  expect(renewed.status).toBe(200);
  expect(renewed.text).toBe("<!doctype html><title>new</title>");
});

test("A navigation to an unknown path is the frontend's, a missing file and the API are not", async ({
  kiosk,
  folder,
}) => {
  const index = await readFile(join(folder, "dist", "index.html"), "utf8");
  const page = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" },
    script = { Accept: "*/*" };
  for (const [path, headers, status, what] of [
    ["/orders", page, 200, "page"],
    ["/orders/223", page, 200, "page"],
    ["/services", page, 200, "page"],
    ["/products", page, 200, "page"],
    ["/users/johndoe", page, 200, "page"],
    ["/deep/link?tab=1", page, 200, "page"],
    ["/apiary", page, 200, "page"],
    ["/orders", script, 200, "json"],
    ["/orders/223", script, 200, "json"],
    ["/products", script, 200, "json"],
    ["/api/products", page, 200, "json"],
    ["/api/unknown", page, 404, "json"],
    ["/healthz", page, 200, "json"],
    ["/deep/link", script, 404, "json"],
    ["/assets/missing-Ab12Cd34.js", script, 404, "json"],
    ["/assets/missing-Ab12Cd34.js", page, 404, "json"],
    ["/favicon.ico", page, 404, "json"],
    ["/missing.png", script, 404, "json"],
  ]) {
    const answer = await raw(kiosk, path, headers);
    const name = `${path} as a ${headers === page ? "navigation" : "script"}`;
    expect(answer.status, name).toBe(status);
    if (what === "page") expect(answer.text, name).toBe(index);
    else expect(() => JSON.parse(answer.text), name).not.toThrow();
    if (status === 404) expect(JSON.parse(answer.text).error, name).toBe("not_found");
    // One address, two answers: a cache must be told what tells them apart.
    if (what === "page" || ["/orders", "/products"].includes(path))
      expect(answer.headers.vary, name).toContain("Accept");
  }
});

test("No path leaves the folder", async ({ kiosk, folder }) => {
  const dist = join(folder, "dist");
  await writeFile(join(folder, "secret.txt"), "secret");
  await mkdir(join(folder, "dist-2"));
  await cp(join(folder, "secret.txt"), join(folder, "dist-2", "secret.txt"));
  await symlink(join(folder, "secret.txt"), join(dist, "link.txt"));
  await symlink(folder, join(dist, "up"));
  await symlink("/etc/passwd", join(dist, "passwd.txt"));
  await symlink(join(dist, "index.html"), join(dist, "inside.html"));
  for (const path of [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/assets/../../secret.txt",
    "/assets/%2e%2e/%2e%2e/secret.txt",
    "/..%5csecret.txt",
    "/link.txt",
    "/up/secret.txt",
    "/up/dist-2/secret.txt",
    "/../dist-2/secret.txt",
    "/passwd.txt",
    `/${folder}/secret.txt`,
    `/%2f${folder}/secret.txt`,
    "//etc/passwd",
    "/%2fetc/passwd",
    "/secret.txt%00.html",
    "/.%2e/secret.txt",
  ]) {
    const answer = await raw(kiosk, path);
    expect([400, 404], path).toContain(answer.status);
    expect(answer.text, path).not.toMatch(/secret|root:/);
  }
  expect((await raw(kiosk, "/inside.html")).status).toBe(200);
});

test("The built-in page's documents stay beside a frontend", async ({ page }) => {
  await page.goto("/docs");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("API");
});
