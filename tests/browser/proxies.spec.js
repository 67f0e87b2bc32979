// Development servers and proxies in front of kiosk: in each a browser places an order.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProxyMiddleware } from "http-proxy-middleware";
import { createServer as createVite } from "vite";
import { test, expect, signIn } from "./kiosk.js";

const PAGE = `<!doctype html><title>shop</title><link rel="icon" href="data:,"><body></body>`;

const portOf = server => server.address().port;
async function listen(server, host = "localhost") {
  server.listen(0, host);
  await once(server, "listening");
  return server;
}
function close(server) {
  server.closeAllConnections();
  server.close();
}

/** Places an order by `path` as a frontend does; returns the status and the body. */
const order = (page, path, user) =>
  page.evaluate(
    async ([target, name]) => {
      const answer = await fetch(target, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ order: { items: ["netflix", "spotify"], user_id: name } }),
      });
      return { status: answer.status, body: await answer.json() };
    },
    [path, user],
  );

const PLACED = {
  status: 200,
  body: { order: { order_id: "1", data: { items: ["netflix", "spotify"], total: 115.99 } } },
};
const BOUGHT = user => ({
  user: { user_id: user, data: { balance: 384.01, product_ids: ["netflix", "spotify"] } },
});

// As react-dev-utils sets up the `proxy` of package.json: the target, with its path, becomes the origin.
const createReactAppProxy = target =>
  createProxyMiddleware(
    (path, req) => req.method !== "GET" || !(req.headers.accept ?? "").includes("text/html"),
    {
      target,
      logLevel: "silent",
      onProxyReq: proxied => {
        if (proxied.getHeader("origin")) proxied.setHeader("origin", target);
      },
      secure: false,
      changeOrigin: true,
      ws: true,
      xfwd: true,
    },
  );

for (const [name, path, proxied] of [
  ["with a path in its target", "/api", "/orders"],
  ["without one", "", "/api/orders"],
  ["with a slash", "/", "/api/orders"],
]) {
  test(`An order goes through Create React App's proxy ${name}`, async ({ page, kiosk, watch }) => {
    const proxy = createReactAppProxy(kiosk.url + path);
    const server = await listen(
      createServer((req, res) =>
        proxy(req, res, () => res.writeHead(200, { "Content-Type": "text/html" }).end(PAGE)),
      ),
    );
    const origin = `http://localhost:${portOf(server)}`;
    watch.origins.add(origin);
    await page.goto(origin);
    expect(await order(page, proxied, "cra")).toEqual(PLACED);
    expect(await kiosk.get("/api/users/cra")).toEqual(BOUGHT("cra"));
    close(server);
  });
}

for (const changeOrigin of [false, true]) {
  test(`An order goes through Vite's server.proxy, changeOrigin ${changeOrigin}`, async ({
    page,
    kiosk,
    watch,
  }) => {
    const root = await mkdtemp(join(tmpdir(), "kiosk-vite-"));
    await writeFile(join(root, "index.html"), PAGE);
    const vite = await createVite({
      root,
      configFile: false,
      logLevel: "silent",
      appType: "spa",
      cacheDir: join(root, "cache"),
      server: {
        port: 0,
        strictPort: false,
        host: "localhost",
        hmr: false,
        ws: false,
        proxy: { "/api": { target: kiosk.url, changeOrigin } },
      },
    });
    await vite.listen();
    const origin = `http://localhost:${portOf(vite.httpServer)}`;
    watch.origins.add(origin);
    watch.origins.add(origin.replace("http:", "ws:"));
    watch.ignoresConsole = true; // Vite's own client
    await page.goto(origin);
    expect(await order(page, "/api/orders", "vite")).toEqual(PLACED);
    expect(await kiosk.get("/api/users/vite")).toEqual(BOUGHT("vite"));
    await vite.close();
    await rm(root, { recursive: true });
  });
}

/** Ends TLS and passes everything on, as it came but for `change`. */
async function tlsProxy(kiosk, change = {}) {
  const folder = await mkdtemp(join(tmpdir(), "kiosk-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "1",
      "-subj",
      "/CN=localhost",
      "-keyout",
      key,
      "-out",
      cert,
    ],
    { stdio: "ignore" },
  );
  const server = createTlsServer(
    { key: await readFile(key), cert: await readFile(cert) },
    (req, res) => {
      const onward = request(
        {
          host: "localhost",
          port: kiosk.port,
          method: req.method,
          path: req.url,
          headers: { ...req.headers, ...change },
        },
        answer => {
          res.writeHead(answer.statusCode, answer.headers);
          answer.pipe(res);
        },
      );
      onward.on("error", () => res.destroy());
      req.pipe(onward);
    },
  );
  await rm(folder, { recursive: true });
  return listen(server);
}

test.describe("Behind a proxy that adds TLS", () => {
  test.use({ ignoreHTTPSErrors: true, args: ["--allow-host", "evil.example"] });

  for (const [name, host, change] of [
    ["under localhost", "localhost", {}],
    ["under a name of its own", "evil.example", {}],
    ["that changes the host", "evil.example", { host: "localhost" }],
    [
      "that adds headers",
      "localhost",
      { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.5" },
    ],
  ]) {
    test(`the page signs in and orders, ${name}`, async ({ page, kiosk, watch }) => {
      const server = await tlsProxy(kiosk, change);
      const origin = `https://${host}:${portOf(server)}`;
      watch.origins.add(origin);
      await page.goto(origin);
      await signIn(page, "tls");
      expect(await order(page, "/api/orders", "tls")).toEqual(PLACED);
      expect(await kiosk.get("/api/users/tls")).toEqual(BOUGHT("tls"));
      close(server);
    });
  }
});

test("The page works under /_kiosk/ too, and its links stay there", async ({ page, kiosk }) => {
  await page.goto("/_kiosk/");
  await signIn(page, "ana");
  await page.getByTestId("nav-desk").click();
  await expect(page).toHaveURL(`${kiosk.url}/_kiosk/#desk`);
  await page.locator("#brand").click();
  await expect(page).toHaveURL(`${kiosk.url}/_kiosk/#shop`);
});

test("A frontend on another port reads what a mistyped path answers, and sends credentials and headers", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(404);
  const server = await listen(
    createServer((req, res) => res.writeHead(200, { "Content-Type": "text/html" }).end(PAGE)),
  );
  const origin = `http://localhost:${portOf(server)}`;
  watch.origins.add(origin);
  await page.goto(origin);
  const answers = await page.evaluate(async url => {
    const headers = {
      "Content-Type": "application/json",
      Authorization: "Bearer x",
      Baggage: "a=b",
      "X-Requested-With": "fetch",
    };
    const ask = async (method, path) => {
      const answer = await fetch(url + path, {
        method,
        headers,
        credentials: "include",
        body: method === "GET" ? undefined : '{"product":"Cable","quantity":1}',
      });
      return [
        answer.status,
        answer.headers.get("ETag") !== null,
        await answer.json().then(body => body.error ?? ""),
      ];
    };
    return [
      await ask("POST", "/api/oders"),
      await ask("GET", "/orders/223"),
      await ask("POST", "/orders"),
    ];
  }, kiosk.url);
  expect(answers.map(([status]) => status)).toEqual([404, 200, 201]);
  expect(answers[0][2]).toBe("not_found");
  expect(answers[1][1]).toBe(true);
  close(server);
});

test.describe("The control API", () => {
  test.use({ args: ["--db", "kiosk.db", "--cors-origin", "*"] });

  test("is out of reach for a page of another port or site, image and form included", async ({
    page,
    kiosk,
    watch,
  }) => {
    await kiosk.buy("ana", "netflix");
    const server = await listen(
      createServer((req, res) => res.writeHead(200, { "Content-Type": "text/html" }).end(PAGE)),
      "127.0.0.1",
    );
    for (const host of ["evil.example", "127.0.0.1"])
      watch.origins.add(`http://${host}:${portOf(server)}`);
    watch.ignoresConsole = true;
    for (const host of ["evil.example", "127.0.0.1"]) {
      await page.goto(`http://${host}:${portOf(server)}`);
      const seen = [];
      page.on("response", response => {
        if (response.url().includes("/_kiosk/"))
          seen.push([new URL(response.url()).pathname, response.status()]);
      });
      await page.evaluate(async url => {
        for (const path of ["/_kiosk/backup", "/_kiosk/info"]) {
          await new Promise(done => {
            const image = new Image();
            image.onload = image.onerror = done;
            image.src = url + path;
          });
          await fetch(url + path, { mode: "no-cors" }).catch(() => {});
        }
        await fetch(`${url}/_kiosk/reset`, { method: "POST", mode: "no-cors" }).catch(() => {});
      }, kiosk.url);
      await Promise.all([
        page.waitForURL(/_kiosk/),
        page.evaluate(url => {
          const form = Object.assign(document.createElement("form"), {
            method: "POST",
            action: `${url}/_kiosk/reset`,
          });
          document.body.append(form);
          form.submit();
        }, kiosk.url),
      ]);
      await expect(page.locator("body")).toContainText("local_only");
      expect(seen.length).toBeGreaterThanOrEqual(4);
      for (const [path, status] of seen) expect(status, path).toBe(403);
      page.removeAllListeners("response");
    }
    expect((await kiosk.get("/api/users/ana")).user.data.product_ids).toEqual(["netflix"]);
    close(server);
  });

  test("answers kiosk's own page", async ({ page, kiosk }) => {
    await kiosk.buy("ana", "netflix");
    for (const path of ["/", "/_kiosk/"]) {
      await page.goto(path);
      expect(await page.evaluate(() => fetch("/_kiosk/info").then(answer => answer.status))).toBe(
        200,
      );
      expect(
        await page.evaluate(() =>
          fetch("/_kiosk/reset", { method: "POST" }).then(answer => answer.status),
        ),
      ).toBe(200);
    }
    expect((await kiosk.get("/api/users/ana")).user.data.product_ids).toEqual([]);
  });
});

test.describe("With --control-from lan", () => {
  test.use({
    args: ["--host", "0.0.0.0", "--control-from", "lan", "--allow-host", "evil.example"],
  });

  test("the page takes the key from its address, keeps it for the tab, and sends it", async ({
    page,
    kiosk,
    watch,
  }) => {
    watch.refusals.add(403);
    const origin = `http://evil.example:${kiosk.port}`;
    watch.origins.add(origin);
    const key = /#key=([0-9a-f]{32}) /.exec(await kiosk.second)[1];
    const info = async () => {
      const card = page.locator('[data-operation="get /_kiosk/info"]');
      // A card that was open before a reload is open again: it is part of the address.
      if ((await card.getAttribute("open")) === null) await card.locator("summary").first().click();
      await card.getByTestId("api-try").click();
      return card.getByTestId("api-status");
    };
    await page.goto(`${origin}/_kiosk/#api`);
    await expect(await info()).toHaveText("403 Forbidden");
    await page.goto("about:blank");
    await page.goto(`${origin}/_kiosk/#key=${key}`);
    await expect(page).toHaveURL(`${origin}/_kiosk/`);
    await page.getByTestId("nav-api").click();
    await expect(await info()).toHaveText("200 OK");
    await page.reload();
    await expect(await info()).toHaveText("200 OK");
  });
});
