// Where the desk looks: what was just made, now, the place it was left at, and small screens.
import { test, expect } from "./kiosk.js";

const WEEK = "/#desk?view=week&at=2022-11-01";
const field = (page, name) => page.getByTestId(`desk-form-${name}`);
const row = (page, id) => page.getByTestId(`desk-order-${id}`);
const inspection = (datetime, more = {}) => ({
  datetime,
  totalfee: 10,
  services: ["123"],
  ...more,
});
const scroller = page => page.getByTestId("desk-timeline");
const top = page => scroller(page).evaluate(e => e.scrollTop);
const hour = page =>
  page.locator(".tl-columns").evaluate(e => e.getBoundingClientRect().height / 24);

async function open(page, url = WEEK) {
  await page.goto(url);
  await expect(scroller(page)).toBeVisible();
  await expect(page.locator("[aria-busy]")).toHaveCount(0);
}

test("A new order late in the evening is brought into view", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 700 });
  await open(page);
  await page.getByTestId("desk-new").click();
  await field(page, "datetime").fill("2022-11-02T23:00");
  await field(page, "service-123").click();
  await field(page, "totalfee").fill("10");
  await page.getByTestId("desk-save").click();
  await expect(row(page, 226)).toBeInViewport({ ratio: 0.9 });
  await expect(row(page, 226)).toBeFocused();
});

test("Another view keeps the time of day that is in view", async ({ page }) => {
  await open(page);
  await scroller(page).evaluate((e, px) => e.scrollTo(0, px), 3 * (await hour(page)));
  const before = (await top(page)) / (await hour(page));
  await page.getByTestId("desk-view-day").click();
  await expect(page.locator(".tl-col")).toHaveCount(1);
  await expect(page.locator("[aria-busy]")).toHaveCount(0);
  expect(Math.abs((await top(page)) / (await hour(page)) - before)).toBeLessThan(0.3);
});

test("The desk is where it was left when somebody comes back to it", async ({ page }) => {
  await open(page, "/#desk?view=day&at=2022-11-02");
  const title = await page.getByTestId("desk-title").textContent();
  await page.getByTestId("nav-shop").click();
  await page.getByTestId("nav-desk").click();
  await expect(page.getByTestId("desk-title")).toHaveText(title);
});

test("In the evening the line of now is in view", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 700 });
  await page.clock.setFixedTime("2026-05-04T22:40:00Z");
  await open(page, "/#desk?view=week");
  await expect(page.locator(".tl-now")).toBeInViewport();
});

test("The label of the first hour in view is whole", async ({ page }) => {
  await open(page);
  const head = await page.locator(".tl-head").evaluate(e => e.getBoundingClientRect().bottom);
  const cut = await page.locator(".tl-hours span").evaluateAll(
    (all, bottom) =>
      all.filter(e => {
        const box = e.getBoundingClientRect();
        return box.bottom > bottom + 3 && box.top < bottom - 1;
      }).length,
    head,
  );
  expect(cut).toBe(0);
});

test("The same next free time is said everywhere", async ({ page, kiosk, watch }) => {
  watch.refusals.add(409);
  await kiosk.order(inspection("2022-11-03T09:00:00Z"));
  await open(page);
  const box = await page.locator(".tl-col").nth(1).boundingBox();
  const { y } = await page.locator(".tl-columns").boundingBox();
  await page.mouse.move(box.x + box.width / 2, y + 13 * (await hour(page)));
  await expect(page.locator(".tl-ghost")).toContainText("Free from 14:12");
  await row(page, 226).focus();
  for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowLeft");
  for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("desk-next-available")).toHaveText("Use 14:12");
});

for (const width of [790, 320])
  test(`At ${width} px no order is cut off or reaches into the next day`, async ({
    page,
    kiosk,
  }) => {
    await page.setViewportSize({ width, height: 800 });
    await kiosk.order(inspection("2022-11-03T09:30:00Z"));
    expect((await kiosk.ask("DELETE", "/orders/225")).status).toBe(200);
    await open(page);
    for (const order of await page.locator(".tl-order").all()) {
      const { right, day, text } = await order.evaluate(e => {
        const time = e.querySelector(".tl-order-time");
        const end = time.getBoundingClientRect().right - e.getBoundingClientRect().right;
        const edge = e.parentElement.getBoundingClientRect().right;
        return { right: e.getBoundingClientRect().right, day: edge, text: end };
      });
      expect(right, "the day").toBeLessThanOrEqual(day + 1);
      expect(text, "the text").toBeLessThanOrEqual(0);
    }
  });

test.describe("on a phone on its side", () => {
  test.use({ viewport: { width: 667, height: 375 }, hasTouch: true, isMobile: true });
  test("Most of the screen is the timeline", async ({ page }) => {
    await open(page);
    const visible = await scroller(page).evaluate(e => {
      const { top: start, bottom } = e.getBoundingClientRect();
      const tabs = document.getElementById("nav").getBoundingClientRect();
      const end = tabs.top > innerHeight / 2 ? tabs.top : innerHeight;
      return Math.min(end, bottom) - start;
    });
    expect(visible).toBeGreaterThan(150);
  });
});

test("The list keeps filters and page in its address, sorts both ways and knows the total", async ({
  page,
  kiosk,
}) => {
  for (let i = 0; i < 120; i++) await kiosk.order({ product: `Part ${i}`, quantity: 1 });
  await page.goto("/#desk?view=list");
  await expect(page.getByText("Orders 1 to 50 of 123")).toBeVisible();
  await expect(page.locator(".desk-title .count")).toHaveText("123");
  await page.getByTestId("desk-last-page").click();
  await expect(page.getByText("Orders 101 to 123 of 123")).toBeVisible();
  await page.reload();
  await expect(page.getByText("Orders 101 to 123 of 123")).toBeVisible();
  await page.getByTestId("desk-page").fill("2");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Orders 51 to 100 of 123")).toBeVisible();
  await page.goBack();
  await expect(page.getByText("Orders 101 to 123 of 123")).toBeVisible();
  await page.getByTestId("desk-sort-desc").click();
  await expect(page.locator("tbody tr").first()).toContainText("Part 119");
  await page.reload();
  await expect(page.locator("tbody tr").first()).toContainText("Part 119");
  await page.getByTestId("desk-row-345").click();
  await expect(field(page, "product")).toHaveValue("Part 119");
  expect(page.url()).toContain("open=345");
  await page.reload();
  await expect(field(page, "product")).toHaveValue("Part 119");
});

test("A free time is found and taken by keyboard alone", async ({ page }) => {
  await open(page);
  await scroller(page).focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.locator(".tl-ghost")).toBeVisible();
  await page.keyboard.press("PageDown");
  await expect(page.locator(".tl-ghost")).toContainText("14:12");
  await page.keyboard.press("Enter");
  await expect(field(page, "datetime")).toHaveValue("2022-11-01T14:12");
});

test("Keys go to the list, to today and to a new order, and say which they are", async ({
  page,
}) => {
  await open(page);
  await page.getByTestId("desk-title").focus();
  await page.keyboard.press("?");
  await expect(page.getByTestId("shortcuts")).toContainText("New order");
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await expect(page.getByTestId("desk-form")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(page.getByTestId("desk-find")).toBeFocused();
});
