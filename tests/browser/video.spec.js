// A film of a frontend: played and sought in, from a folder and from a demo.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test as base } from "./kiosk.js";
import { makeFilm, readSecond } from "./webm.js";

const test = base.extend({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "kiosk-film-"));
    await mkdir(join(folder, "dist"));
    await writeFile(
      join(folder, "dist", "index.html"),
      "<!doctype html><title>film</title><link rel=icon href=data:,>",
    );
    await use(folder);
    await rm(folder, { recursive: true });
  },
  args: async ({ folder }, use) => {
    await use(["--frontend", join(folder, "dist")]);
  },
});

/** Puts the film into the page and notes which parts of it are asked for. */
async function open(page) {
  const asked = [];
  page.on("response", response => {
    if (response.url().endsWith("/film.webm"))
      asked.push({ status: response.status(), range: response.request().headers().range });
  });
  await page.goto("/");
  await page.evaluate(
    () =>
      new Promise((done, failed) => {
        const video = Object.assign(document.createElement("video"), {
          src: "/film.webm",
          muted: true,
          preload: "metadata",
        });
        video.addEventListener("loadedmetadata", done);
        video.addEventListener("error", () => failed(new Error(video.error.message)));
        document.body.append(video);
      }),
  );
  return asked;
}

async function watch(page) {
  const asked = await open(page);
  expect(await page.evaluate(() => document.querySelector("video").duration)).toBe(30);
  await page.evaluate(
    () =>
      new Promise(done => {
        const video = document.querySelector("video");
        video.addEventListener("timeupdate", () => {
          if (video.currentTime > 0.2) done();
        });
        video.play();
      }),
  );
  // To the end and back: neither is near what was read so far.
  for (const time of [27.5, 14.5, 0.5]) {
    const second = await page.evaluate(
      ([wanted, read]) =>
        new Promise((done, failed) => {
          const video = document.querySelector("video");
          video.pause();
          video.addEventListener("error", () => failed(new Error(video.error.message)));
          video.addEventListener(
            "seeked",
            () => {
              const context = new OffscreenCanvas(320, 240).getContext("2d", {
                willReadFrequently: true,
              });
              context.drawImage(video, 0, 0);
              done(new Function("context", `return (${read})(context)`)(context));
            },
            { once: true },
          );
          video.currentTime = wanted;
        }),
      [time, `${readSecond}`],
    );
    expect(second, `the picture at ${time} s`).toBe(Math.floor(time));
  }
  expect(await page.evaluate(() => document.querySelector("video").error)).toBe(null);
  expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 206));
  expect(
    asked.some(({ range }) => /^bytes=[1-9]/.test(range)),
    JSON.stringify(asked),
  ).toBe(true);
}

test("A film in a folder is played and sought in", async ({ page, kiosk, folder }) => {
  await page.goto(kiosk.url);
  await writeFile(join(folder, "dist", "film.webm"), await makeFilm(page));
  await watch(page);
});

test("A film in a demo is played and sought in", async ({ page, kiosk, folder }) => {
  await page.goto("/");
  await writeFile(join(folder, "dist", "film.webm"), await makeFilm(page));
  execFileSync(process.env.KIOSK, ["pack", "-o", "demo", "--frontend", "dist"], { cwd: folder });
  const usual = process.env.KIOSK,
    { port } = kiosk;
  await kiosk.stop();
  process.env.KIOSK = join(folder, "demo");
  try {
    await kiosk.start();
    expect(kiosk.port).toBe(port);
    await watch(page);
  } finally {
    process.env.KIOSK = usual;
  }
});
