// A page of another site, in the browser of someone who runs kiosk.
import { createServer, request } from "node:http";
import { test as base, expect } from "./kiosk.js";

const test = base.extend({
  args: ["--db", "kiosk.db"], // in memory reads count as commits, too
  evil: async ({ watch, kiosk }, use) => {
    const server = createServer((req, res) =>
      res
        .writeHead(200, { "Content-Type": "text/html" })
        .end("<!doctype html><title>evil</title><link rel=icon href=data:,><body>"),
    );
    await new Promise(done => server.listen(0, "127.0.0.1", done));
    const evil = `http://evil.example:${server.address().port}`;
    // What the browser refuses this page stands in its console; the page itself is no kiosk's.
    for (const host of ["evil.example", "127.0.0.1", "[::1]"])
      watch.origins.add(`http://${host}:${kiosk.port}`);
    watch.origins.add(evil);
    watch.ignoresConsole = true;
    await use(evil);
    server.closeAllConnections();
    server.close();
  },
});

/** Everything there is to change, and how often the database was written. */
async function state(kiosk) {
  const shop = [
    await kiosk.get("/api/users/johndoe"),
    await kiosk.get("/api/orders?user_id=johndoe"),
  ];
  const desk = [await kiosk.get("/orders"), await kiosk.get("/services")];
  const commits = /^kiosk_commits_total (\d+)/m.exec((await kiosk.ask("GET", "/metrics")).text);
  expect(commits, "the metrics count commits").not.toBeNull();
  return { shop, desk, commits: commits[1] };
}

const READS = [
  "/",
  "/api/products",
  "/products",
  "/api/users/johndoe",
  "/api/users/mallory",
  "/users/mallory",
  "/api/orders?user_id=johndoe",
  "/orders",
  "/services",
  "/metrics",
  "/healthz",
  "/openapi.json",
  "/_kiosk/info",
  "/_kiosk/backup",
];
const WRITES = [
  ["POST", "/api/orders", { order: { items: ["netflix"], user_id: "johndoe" } }],
  ["POST", "/orders", { order: { items: ["netflix"], user_id: "johndoe" } }],
  ["POST", "/orders", { product: "Cable", quantity: 1 }],
  ["PUT", "/orders/223", { totalfee: 1 }],
  ["PATCH", "/orders/223", { totalfee: 1 }],
  ["DELETE", "/orders/223"],
  ["POST", "/services", { name: "Evil" }],
  ["PUT", "/services/123", { name: "Evil" }],
  ["DELETE", "/services/123"],
  ["POST", "/_kiosk/reset"],
];

test("A page of another site reads nothing", async ({ page, kiosk, evil }) => {
  await kiosk.buy("johndoe", "spotify");
  const before = await state(kiosk);
  await page.goto(evil);
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    const outcomes = await page.evaluate(
      async ([target, paths]) =>
        Promise.all(
          paths.map(async path => {
            const cors = await fetch(target + path).then(
              async r => `read ${r.status} ${(await r.text()).length}`,
              () => "refused",
            );
            const opaque = await fetch(target + path, { mode: "no-cors" }).then(
              async r => `${r.type} ${(await r.text()).length}`,
              () => "refused",
            );
            return [path, cors, opaque];
          }),
        ),
      [`http://${host}:${kiosk.port}`, READS],
    );
    for (const [path, cors, opaque] of outcomes) {
      expect(cors, path).toBe("refused");
      expect(["opaque 0", "refused"], path).toContain(opaque);
    }
  }
  expect(await state(kiosk)).toEqual(before);
});

test("A page of another site changes nothing, by script, form, image or frame", async ({
  page,
  kiosk,
  evil,
}) => {
  const before = await state(kiosk);
  for (const host of ["localhost", "127.0.0.1"]) {
    await page.goto(evil);
    await page.evaluate(
      async ([target, writes]) => {
        for (const [method, path, value] of writes) {
          const body = value && JSON.stringify(value);
          await fetch(target + path, {
            method,
            body,
            headers: { "Content-Type": "application/json" },
          }).catch(() => {});
          if (method !== "POST") continue;
          await fetch(target + path, { method, body, mode: "no-cors" }).catch(() => {});
          await fetch(target + path, {
            method,
            body: body && new Blob([body]),
            mode: "no-cors",
          }).catch(() => {});
          navigator.sendBeacon(target + path, body);
        }
        for (const path of ["/api/users/mallory", "/users/mallory"]) {
          await new Promise(done => {
            const image = new Image();
            image.onload = image.onerror = done;
            image.src = target + path;
          });
          await new Promise(done => {
            const script = document.createElement("script");
            script.onload = script.onerror = done;
            script.src = target + path;
            document.head.append(script);
          });
          await new Promise(done => {
            const frame = document.createElement("iframe");
            frame.onload = done;
            frame.src = target + path;
            document.body.append(frame);
          });
        }
      },
      [`http://${host}:${kiosk.port}`, WRITES],
    );
    // A form needs no script's permission: its answer is a navigation.
    for (const [, path, value] of WRITES.filter(([method]) => method === "POST")) {
      await page.goto(evil);
      await Promise.all([
        page.waitForURL(url => url.port === String(kiosk.port)),
        page.evaluate(
          ([action, text]) => {
            const form = document.createElement("form");
            Object.assign(form, { method: "POST", action, enctype: "text/plain" });
            const input = document.createElement("input");
            // {"…", "x": "="}: the equals sign that a form writes ends up inside JSON.
            [input.name, input.value] = text ? [`${text.slice(0, -1)}, "x": "`, '"}'] : ["a", "b"];
            form.append(input);
            document.body.append(form);
            form.submit();
          },
          [`http://${host}:${kiosk.port}${path}`, value && JSON.stringify(value)],
        ),
      ]);
      await expect(page.locator("body")).toContainText(
        path.startsWith("/_kiosk/") ? "local_only" : "origin_not_allowed",
      );
    }
  }
  expect(await state(kiosk)).toEqual(before);
});

test("A page of another site cannot put the page into a frame or look into its window", async ({
  page,
  kiosk,
  evil,
}) => {
  await page.goto(evil);
  const title = await page.evaluate(async url => {
    const frame = document.createElement("iframe");
    await new Promise(done => {
      frame.onload = done;
      frame.src = url;
      document.body.append(frame);
    });
    try {
      return frame.contentWindow.document.title;
    } catch {
      return "out of reach";
    }
  }, kiosk.url);
  expect(title).toBe("out of reach");
  await expect(page.frameLocator("iframe").getByTestId("sign-in-name")).toHaveCount(0);
});

test("A name of another site that points here gets 403 on every route", async ({
  page,
  kiosk,
  evil,
}) => {
  const before = await state(kiosk);
  await page.goto(evil.replace(/:\d+$/, `:${kiosk.port}`));
  await expect(page.locator("body")).toContainText("host_not_allowed");
  await expect(page.locator("body")).toContainText("--allow-host");
  // Same origin now: nothing of CORS stands in the way, the Host alone does.
  const statuses = await page.evaluate(
    async ([reads, writes]) =>
      Promise.all([
        ...reads.map(path => fetch(path).then(r => [path, r.status])),
        ...writes.map(([method, path, value]) =>
          fetch(path, {
            method,
            body: value && JSON.stringify(value),
            headers: { "Content-Type": "application/json" },
          }).then(r => [`${method} ${path}`, r.status]),
        ),
      ]),
    [READS, WRITES],
  );
  for (const [what, status] of statuses) expect(status, what).toBe(403);
  expect(await state(kiosk)).toEqual(before);
});

for (const host of [
  "evil.example",
  "localhost.evil.example",
  "evillocalhost",
  "127.0.0.1.evil.example",
  "localhost@evil.example",
]) {
  test(`Host ${host} is told 403`, async ({ kiosk }) => {
    const answer = await new Promise((done, failed) => {
      request(
        {
          host: "127.0.0.1",
          port: kiosk.port,
          path: "/api/products",
          agent: false,
          headers: { Host: `${host}:${kiosk.port}` },
        },
        async res => {
          let text = "";
          for await (const piece of res) text += piece;
          done({ status: res.statusCode, body: JSON.parse(text) });
        },
      )
        .on("error", failed)
        .end();
    });
    expect(answer.status).toBe(403);
    expect(answer.body.error).toBe("host_not_allowed");
    expect(answer.body.message).toContain("--allow-host");
  });
}
