// A kiosk for each test, and a page that is watched: whatever it asks of another origin, logs as an error or is
// refused without the test having said so fails the test.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import axe from "axe-core";
import { test as base, expect } from "@playwright/test";

export { expect };

class Kiosk {
  constructor(folder) {
    this.folder = folder;
    this.port = 0;
  }

  async start(args = []) {
    const database = args.includes("--db") ? [] : ["--memory"];
    this.child = spawn(
      process.env.KIOSK,
      [...database, "--quiet", "--port", String(this.port), ...args],
      { cwd: this.folder, stdio: ["ignore", "pipe", "inherit"] },
    );
    const exited = new Promise(done => this.child.once("exit", done));
    this.exited = exited;
    const printed = createInterface(this.child.stdout);
    /** The second line, for other devices. */
    this.second = new Promise(done => {
      let count = 0;
      printed.on("line", line => {
        if (++count === 2) done(line);
      });
    });
    const line = await Promise.race([
      new Promise(done => printed.once("line", done)),
      exited.then(code => {
        throw new Error(`kiosk exited with ${code} before it was ready`);
      }),
    ]);
    this.url = /http:\S+/.exec(line)[0];
    this.port = Number(new URL(this.url).port);
    return this;
  }

  async stop() {
    this.child.kill("SIGTERM");
    expect(await this.exited).toBe(0);
  }

  /** Another client: no browser, no Origin. */
  async ask(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    let json = null;
    try {
      json = JSON.parse(text);
    } catch {
      /* not JSON */
    }
    return { status: answer.status, headers: answer.headers, text, body: json };
  }
  async get(path) {
    return (await this.ask("GET", path)).body;
  }
  async buy(user, ...items) {
    const { status, body } = await this.ask("POST", "/api/orders", {
      order: { items, user_id: user },
    });
    expect(status).toBe(200);
    return body.order;
  }
  async order(order) {
    const { status, body } = await this.ask("POST", "/orders", order);
    expect(status).toBe(201);
    return body;
  }
}

/** What a page did that it should not have. `refusals` are the statuses a test provokes; `lost` allows lost connections. */
class Watch {
  constructor() {
    this.trouble = [];
    this.origins = new Set();
    this.refusals = new Set();
    this.lost = false;
    this.ignoresConsole = false;
  }

  follow(context) {
    context.on("request", request => {
      const { protocol, origin } = new URL(request.url());
      if (!["data:", "blob:"].includes(protocol) && !this.origins.has(origin))
        this.trouble.push(`left for ${request.url()}`);
    });
    context.on("console", message => {
      if (this.ignoresConsole || !["error", "warning"].includes(message.type())) return;
      const status = /Failed to load resource: the server responded with a status of (\d+)/.exec(
        message.text(),
      );
      if (status && this.refusals.has(Number(status[1]))) return;
      if (this.lost && /Failed to load resource: net::/.test(message.text())) return;
      this.trouble.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", error => this.trouble.push(`thrown: ${error.error().stack}`));
  }
}

export const test = base.extend({
  args: [[], { option: true }],

  kiosk: async ({ args }, use) => {
    const folder = await mkdtemp(join(tmpdir(), "kiosk-browser-"));
    const kiosk = await new Kiosk(folder).start(args);
    await use(kiosk);
    if (kiosk.child.exitCode === null && kiosk.child.signalCode === null) await kiosk.stop();
    await rm(folder, { recursive: true });
  },

  watch: async ({ kiosk }, use) => {
    const watch = new Watch();
    watch.origins.add(kiosk.url);
    await use(watch);
    expect(watch.trouble, "what the page did that it should not have").toEqual([]);
  },

  context: async ({ context, watch }, use) => {
    watch.follow(context);
    await use(context);
  },

  baseURL: async ({ kiosk }, use) => {
    await use(kiosk.url);
  },
});

/** Signs in on the built-in page, which must be at the shop. */
export async function signIn(page, name) {
  await page.getByTestId("sign-in-name").fill(name);
  await page.getByTestId("sign-in-submit").click();
  await expect(page.getByTestId("user-name")).toHaveText(name);
}

/** Nothing serious for axe, nothing wider than the screen, and a screenshot, in both schemes. */
export async function look(page, name) {
  const { width } = page.viewportSize();
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    // Finished here rather than waited for: without a GPU a frame may be long in coming.
    await page.evaluate(() => {
      for (const a of document.getAnimations())
        if (a.effect.getComputedTiming().endTime !== Infinity) a.finish();
    });
    const where = `${name}, ${width} px, ${scheme}`;
    expect(
      await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ),
      `${where}: too wide by`,
    ).toBe(0);
    await page.screenshot({
      path: join(import.meta.dirname, "..", "..", "screenshots", `${name}-${width}-${scheme}.png`),
      animations: "disabled",
    });
    expect(await grave(page), where).toEqual([]);
  }
}

async function grave(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(v => ["serious", "critical"].includes(v.impact))
      .flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary}`));
  });
}
