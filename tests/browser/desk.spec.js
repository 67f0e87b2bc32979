import { test, expect } from "./kiosk.js";

// The sample orders 223, 224 and 225 share 2022-11-01T11:11:11.111Z; the page is in UTC here.
const WEEK = "/#desk?view=week&at=2022-11-01",
  DAY = "/#desk?view=day&at=2022-11-02";
const at = (day, time) => `2022-11-0${day}T${time}:00.000Z`;
const inspection = (datetime, more = {}) => ({
  datetime,
  totalfee: 10,
  services: ["123"],
  ...more,
});

// Some releases of the browser write "Tue, 1 Nov", others "Tue 1 Nov".
const says = text => new RegExp(text.replace(/\b(Mon|Tue|Wed|Thu)(\w*) /g, "$1$2,? "));

const row = (page, id) => page.getByTestId(`desk-order-${id}`);
const field = (page, name) => page.getByTestId(`desk-form-${name}`);
const dismiss = page => page.getByRole("button", { name: "Dismiss" }).click();

async function open(page, url = WEEK) {
  await page.goto(url);
  await expect(page.getByTestId("desk-timeline")).toBeVisible();
  await expect(page.locator("[aria-busy]")).toHaveCount(0);
}

async function without(kiosk, ...fields) {
  return (await kiosk.get("/orders")).map(o =>
    Object.fromEntries(
      Object.entries(o).filter(([k]) => !["created_at", "updated_at", ...fields].includes(k)),
    ),
  );
}

test("A week shows its orders, a day what is free in it, and both are an address", async ({
  page,
}) => {
  await open(page);
  await expect(page.getByTestId("desk-title")).toHaveText("31 Oct – 6 Nov 2022");
  await expect(page.locator(".tl-order")).toHaveCount(3);
  await page.getByRole("button", { name: /Tue 1/ }).click();
  await expect(page.getByTestId("desk-title")).toHaveText(says("Tuesday 1 November 2022"));
  await expect(page.locator(".tl-free")).toHaveText(["Free 00:00 – 08:11", "Free 14:12 – 24:00"]);
  await page.getByTestId("desk-later").click();
  await expect(page.getByTestId("desk-title")).toHaveText(says("Wednesday 2 November 2022"));
  await expect(page.locator(".tl-free")).toHaveText("Free all day");
  await page.reload();
  await expect(page.getByTestId("desk-title")).toHaveText(says("Wednesday 2 November 2022"));
  await page.getByTestId("desk-date").fill("2022-11-01");
  await expect(page.locator(".tl-order")).toHaveCount(3);
});

test("An empty week says where the orders are", async ({ page }) => {
  await open(page, "/#desk?view=week&at=2021-01-01");
  await expect(page.locator(".tl-empty")).toContainText(
    says("No orders this week. The next is on Tue 1 Nov 2022, 11:11."),
  );
  await page.getByTestId("desk-go-nearest").click();
  await expect(row(page, 223)).toBeVisible();
});

test("Zooming changes the height of an hour, within its bounds", async ({ page }) => {
  await open(page, DAY);
  const height = () => page.locator(".tl-columns").evaluate(e => e.getBoundingClientRect().height);
  const before = await height();
  await page.getByTestId("desk-zoom-in").click();
  await page.getByTestId("desk-zoom-in").click();
  await expect(page.getByTestId("desk-zoom-in")).toBeDisabled();
  expect(await height()).toBeGreaterThan(before);
  for (let i = 0; i < 5; i++) await page.getByTestId("desk-zoom-out").click();
  await expect(page.getByTestId("desk-zoom-out")).toBeDisabled();
  expect(await height()).toBeLessThan(before);
});

test("A service order is created from the form", async ({ page, kiosk }) => {
  await open(page);
  await page.getByTestId("desk-new").click();
  await field(page, "datetime").fill("2022-11-02T09:30");
  await expect(page.locator(".slot-hint")).toHaveText("This time is free");
  await field(page, "service-123").click();
  await field(page, "service-456").click();
  await field(page, "totalfee").fill("99.5");
  await page.getByTestId("desk-save").click();
  await expect(row(page, 226)).toContainText("09:30");
  await expect(page.getByText("Order 226 created")).toBeVisible();
  expect((await without(kiosk)).at(-1)).toEqual({
    id: "226",
    datetime: at(2, "09:30"),
    totalfee: 99.5,
    services: [
      { id: "123", name: "Inspection" },
      { id: "456", name: "Analysis" },
    ],
  });
});

test("A product order without a time, and an order of both under its own id", async ({
  page,
  kiosk,
}) => {
  await open(page);
  await page.getByTestId("desk-new").click();
  await field(page, "kind-product").click();
  await field(page, "datetime").fill("");
  await field(page, "product").fill("Cable");
  await field(page, "quantity").fill("5");
  await page.getByTestId("desk-save").click();
  await expect(page.getByText("Order 226 created, without a time")).toBeVisible();
  await page.getByTestId("desk-new").click();
  await field(page, "kind-both").click();
  await field(page, "datetime").fill("2022-11-03T08:00");
  await field(page, "service-789").click();
  await field(page, "product").fill("Router");
  await field(page, "totalfee").fill("0");
  await page.getByText("Choose the id yourself").click();
  await field(page, "id").fill("rush-1");
  await page.getByTestId("desk-save").click();
  await expect(row(page, "rush-1")).toBeVisible();
  expect((await without(kiosk)).slice(3)).toEqual([
    {
      id: "rush-1",
      datetime: at(3, "08:00"),
      totalfee: 0,
      services: [{ id: "789", name: "Testing" }],
      product: "Router",
      quantity: 1,
    },
    { id: "226", product: "Cable", quantity: 5 },
  ]);
});

test("What is missing in the form is said before anything is sent", async ({ page, kiosk }) => {
  await open(page);
  await page.getByTestId("desk-new").click();
  const save = page.getByTestId("desk-save"),
    message = page.getByTestId("desk-message");
  await field(page, "datetime").fill("2022-11-02T09:30");
  await save.click();
  await expect(message).toHaveText("Choose at least one service.");
  await field(page, "service-123").click();
  await save.click();
  await expect(message).toHaveText("An order for services needs a fee. It may be 0.");
  await field(page, "totalfee").fill("1.234");
  await save.click();
  await expect(message).toHaveText(
    "The fee is an amount such as 100 or 99.50, with at most two decimals.",
  );
  await expect(field(page, "totalfee")).toBeFocused();
  await field(page, "kind-both").click();
  await field(page, "totalfee").fill("1.23");
  await save.click();
  await expect(message).toHaveText("Name the product.");
  await field(page, "product").fill("Cable");
  await field(page, "quantity").fill("0");
  await save.click();
  await expect(message).toHaveText("The quantity is a whole number, at least 1.");
  expect(await kiosk.get("/orders")).toHaveLength(3);
});

test("A click on a free spot of the timeline starts an order there", async ({ page, kiosk }) => {
  await open(page, DAY);
  await page.getByTestId("desk-timeline").evaluate(e => {
    e.scrollTop = 0;
  });
  const { y } = await page.locator(".tl-columns").boundingBox();
  const spot = await page
    .locator(".tl-columns")
    .evaluate(e => e.getBoundingClientRect().height / 24);
  await page.mouse.click(700, y + 3 * spot);
  await expect(field(page, "datetime")).toHaveValue("2022-11-02T03:00");
  await field(page, "service-123").click();
  await field(page, "totalfee").fill("5");
  await page.keyboard.press("Enter");
  await expect(row(page, 226)).toBeVisible();
  expect((await kiosk.get("/orders/226")).datetime).toBe(at(2, "03:00"));
});

test("An order is edited without its time being touched", async ({ page, kiosk }) => {
  await open(page);
  await row(page, 224).click();
  await expect(field(page, "service-789")).toBeChecked();
  await field(page, "totalfee").fill("120.25");
  await field(page, "service-123").click();
  await page.getByTestId("desk-save").click();
  await expect(page.getByText("Order 224 saved")).toBeVisible();
  expect((await without(kiosk))[1]).toEqual({
    id: "224",
    datetime: "2022-11-01T11:11:11.111Z",
    totalfee: 120.25,
    services: [
      { id: "789", name: "Testing" },
      { id: "123", name: "Inspection" },
    ],
  });
});

test("A new time is typed, and the form says what is free on that day", async ({ page, kiosk }) => {
  await kiosk.order(inspection(at(3, "10:00")));
  await open(page);
  await row(page, 223).click();
  await expect(page.locator(".slot-hint")).toHaveText("As it is now");
  await field(page, "datetime").fill("2022-11-03T11:30");
  await expect(page.locator(".slot-hint")).toContainText("Order 226 at 10:00 is too close.");
  await expect(page.locator(".slots .chips button").first()).toHaveText("00:00");
  await field(page, "next-free").click();
  await expect(field(page, "datetime")).toHaveValue("2022-11-03T13:00");
  await expect(page.locator(".slot-hint")).toHaveText("This time is free");
  await page.getByTestId("desk-save").click();
  await expect(page.getByText("Order 223 saved")).toBeVisible();
  expect((await kiosk.get("/orders/223")).datetime).toBe(at(3, "13:00"));
});

async function drag(page, id, dx, dy, drop = true) {
  const box = await row(page, id).boundingBox();
  await page.mouse.move(box.x + 20, box.y + 8);
  await page.mouse.down();
  for (let i = 1; i <= 5; i++)
    await page.mouse.move(box.x + 20 + (dx * i) / 5, box.y + 8 + (dy * i) / 5);
  if (drop) await page.mouse.up();
}
const hour = page =>
  page.locator(".tl-columns").evaluate(e => e.getBoundingClientRect().height / 24);
const column = page =>
  page
    .locator(".tl-col")
    .first()
    .evaluate(e => e.getBoundingClientRect().width);

test("An order is dragged to another time and day, and back by undo", async ({ page, kiosk }) => {
  await kiosk.order(inspection(at(2, "09:00")));
  await open(page);
  await drag(page, 226, await column(page), 2 * (await hour(page)));
  await expect(
    page.locator(".toast", { hasText: says("Order 226 moved to Thu 3 Nov 2022, 11:00") }),
  ).toBeVisible();
  expect((await kiosk.get("/orders/226")).datetime).toBe(at(3, "11:00"));
  await page.getByTestId("desk-undo-move").click();
  await expect(row(page, 226)).toContainText("09:00");
  await expect.poll(async () => (await kiosk.get("/orders/226")).datetime).toBe(at(2, "09:00"));
});

test("Escape ends a drag with nothing moved and no form opened", async ({ page, kiosk }) => {
  await kiosk.order(inspection(at(2, "09:00")));
  await open(page);
  await drag(page, 226, 0, 2 * (await hour(page)), false);
  await expect(page.locator(".tl-ghost")).toContainText("11:00");
  await page.keyboard.press("Escape");
  await expect(page.locator(".tl-ghost")).toHaveCount(0);
  await page.waitForTimeout(100); // the button is let go after the key
  await page.mouse.up();
  await page.waitForTimeout(100);
  await expect(page.getByTestId("desk-form")).toHaveCount(0);
  expect((await kiosk.get("/orders/226")).datetime).toBe(at(2, "09:00"));
  await row(page, 226).click();
  await expect(page.getByTestId("desk-form")).toBeVisible();
});

test("A drag onto a taken time shows the order in the way and moves to the next free time in one click", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(409);
  await kiosk.order(inspection(at(2, "09:00")));
  await open(page);
  await drag(page, 226, -(await column(page)), 3 * (await hour(page)));
  const panel = page.getByTestId("desk-conflict");
  await expect(panel).toContainText("12:00 is too close to order");
  await expect(panel).toContainText("Orders keep at least 3 hours apart.");
  await page.getByTestId("desk-next-available").click();
  await expect(
    page.locator(".toast", { hasText: says("Order 226 moved to Tue 1 Nov 2022, 14:12") }),
  ).toBeVisible();
  expect((await kiosk.get("/orders/226")).datetime).toBe(at(1, "14:12"));
});

test("The arrow keys move an order, Enter sends it, Escape takes it back", async ({
  page,
  kiosk,
}) => {
  await kiosk.order(inspection(at(2, "09:00")));
  await open(page);
  const datetime = async () => (await kiosk.get("/orders/226")).datetime;
  // What a screen reader is told stays only until the next thing is.
  await page.evaluate(() => {
    window.said = [];
    const announcer = document.getElementById("announcer");
    new MutationObserver(() => window.said.push(announcer.textContent)).observe(announcer, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const said = () => page.evaluate(() => window.said.join("\n"));
  await row(page, 226).focus();
  for (const key of ["ArrowDown", "ArrowDown", "Shift+ArrowDown", "ArrowRight"])
    await page.keyboard.press(key);
  await page.keyboard.press("Enter");
  await expect.poll(datetime).toBe(at(3, "10:30"));
  await expect(row(page, 226)).toBeFocused();
  await expect(row(page, 226)).toContainText("10:30");
  await expect.poll(said).toMatch(says("Wed 2 Nov 2022, 10:30, free"));
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  await expect.poll(said).toContain("Not moved");
  await expect(page.locator(".tl-ghost")).toHaveCount(0);
  expect(await datetime()).toBe(at(3, "10:30"));
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("desk-form")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("desk-form")).toHaveCount(0);
  await expect(row(page, 226)).toBeFocused();
});

test("A deleted order comes back by undo, and is gone once its notice is", async ({
  page,
  kiosk,
}) => {
  await open(page);
  const before = await kiosk.get("/orders/224");
  await row(page, 224).click();
  await page.getByTestId("desk-delete").click();
  await expect(row(page, 224)).toHaveCount(0);
  await page.getByTestId("desk-undo").click();
  await expect(row(page, 224)).toBeVisible();
  expect(await kiosk.get("/orders/224")).toEqual(before);
  await row(page, 224).focus();
  await page.keyboard.press("Delete");
  await expect(row(page, 224)).toHaveCount(0);
  await dismiss(page);
  await expect.poll(async () => (await kiosk.ask("GET", "/orders/224")).status).toBe(404);
  expect((await without(kiosk)).map(o => o.id)).toEqual(["223", "225"]);
});

test("A delete that still waits is sent when the page is left", async ({ page, kiosk }) => {
  await open(page);
  await row(page, 225).focus();
  await page.keyboard.press("Delete");
  await expect(page.getByTestId("desk-undo")).toBeVisible();
  await page.waitForLoadState("networkidle");
  await page.goto("about:blank");
  await expect.poll(async () => (await kiosk.ask("GET", "/orders/225")).status).toBe(404);
});

test("A time taken meanwhile is refused with the order in the way, and created at the next free time in one click", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(409);
  await open(page);
  await page.getByTestId("desk-new").click();
  await field(page, "datetime").fill("2022-11-02T09:00");
  await expect(page.locator(".slot-hint")).toHaveText("This time is free");
  await field(page, "service-123").click();
  await field(page, "totalfee").fill("10");
  await kiosk.order({ datetime: at(2, "08:00"), product: "Cable", quantity: 2 });
  await page.getByTestId("desk-save").click();
  const panel = page.getByTestId("desk-conflict");
  await expect(panel).toContainText("09:00 is too close to order 226");
  await expect(panel).toContainText(
    "2 × Cable is at 08:00, 1 hour earlier. Orders keep at least 3 hours apart.",
  );
  await expect(page.getByTestId("desk-next-available")).toBeFocused();
  await expect(page.getByTestId("desk-next-available")).toHaveText("Use 11:00");
  expect(await kiosk.get("/orders")).toHaveLength(4);
  await page.getByTestId("desk-next-available").click();
  await expect(row(page, 227)).toContainText("11:00");
  expect((await kiosk.get("/orders/227")).datetime).toBe(at(2, "11:00"));
});

test("A change by someone else is not written over: theirs is loaded, then changed", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(412);
  await open(page);
  await row(page, 223).click();
  await field(page, "totalfee").fill("1");
  expect((await kiosk.ask("PUT", "/orders/223", { totalfee: 777 })).status).toBe(200);
  await page.getByTestId("desk-save").click();
  await expect(page.getByTestId("desk-stale")).toContainText(
    "Someone changed this order after you opened it. Nothing was saved.",
  );
  expect((await kiosk.get("/orders/223")).totalfee).toBe(777);
  await page.getByRole("button", { name: "Load their version" }).click();
  await expect(field(page, "totalfee")).toHaveValue("777.00");
  await field(page, "totalfee").fill("778.5");
  await page.getByTestId("desk-save").click();
  await expect(page.getByText("Order 223 saved")).toBeVisible();
  expect((await kiosk.get("/orders/223")).totalfee).toBe(778.5);
});

test("A drag of an order that someone else has changed moves nothing", async ({ page, kiosk }) => {
  await kiosk.order(inspection(at(2, "09:00")));
  await open(page);
  expect((await kiosk.ask("PATCH", "/orders/226", { totalfee: 11 })).status).toBe(200);
  await drag(page, 226, 0, 2 * (await hour(page)));
  await expect(
    page.getByText(
      "Someone changed order 226 in the meantime. It was not moved; this is their version.",
    ),
  ).toBeVisible();
  expect((await kiosk.get("/orders/226")).datetime).toBe(at(2, "09:00"));
});

test("An order that someone else has deleted is said to be gone", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(404);
  await open(page);
  expect((await kiosk.ask("DELETE", "/orders/223")).status).toBe(200);
  await row(page, 223).click();
  await expect(page.getByTestId("desk-form")).toContainText("This order no longer exists.");
});

test("The list goes through the orders in pages, finds one by its id and filters by service", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(404);
  for (let i = 0; i < 60; i++) await kiosk.order({ product: `Part ${i}`, quantity: 1 });
  await page.goto("/#desk?view=list");
  await expect(page.locator("tbody tr")).toHaveCount(50);
  await page.getByTestId("desk-next-page").click();
  await expect(page.getByText("Orders 51 to 63")).toBeVisible();
  await expect(page.locator("tbody tr")).toHaveCount(13);
  await expect(page.getByTestId("desk-next-page")).toBeDisabled();
  await page.getByTestId("desk-previous-page").click();
  await expect(page.getByTestId("desk-row-223")).toBeVisible();
  await page.getByTestId("desk-find").fill("9999");
  await page.keyboard.press("Enter");
  await expect(page.getByText("There is no order 9999.")).toBeVisible();
  await page.getByTestId("desk-find").fill("285");
  await page.keyboard.press("Enter");
  await expect(field(page, "product")).toHaveValue("Part 59");
  await page.keyboard.press("Escape");
  await page.getByRole("combobox", { name: "Service" }).selectOption("789");
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await expect(page.getByTestId("desk-row-224")).toContainText("Testing");
});

test.describe("with a gap of 90 minutes", () => {
  test.use({ args: ["--order-gap", "90m"] });
  test("The timeline and the form keep that distance", async ({ page, kiosk }) => {
    await kiosk.order(inspection(at(2, "09:00")));
    await open(page, DAY);
    await expect(page.locator(".legend")).toContainText(
      "Kept free: less than 1 h 30 min from an order",
    );
    await expect(page.locator(".tl-free")).toHaveText(["Free 00:00 – 07:30", "Free 10:30 – 24:00"]);
    await page.getByTestId("desk-new").click();
    await field(page, "datetime").fill("2022-11-02T10:00");
    await field(page, "next-free").click();
    await expect(field(page, "datetime")).toHaveValue("2022-11-02T10:30");
  });
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 375, height: 800 }, hasTouch: true, isMobile: true });
  test("A tap on a free spot starts an order, and crowded orders open as a list", async ({
    page,
  }) => {
    await open(page, DAY);
    await page.getByTestId("desk-timeline").evaluate(e => {
      e.scrollTop = 0;
    });
    const box = await page.locator(".tl-columns").boundingBox();
    await page.touchscreen.tap(200, box.y + 2 * (await hour(page)));
    await expect(field(page, "datetime")).toHaveValue("2022-11-02T02:00");
    await page.keyboard.press("Escape");
    await page.getByTestId("desk-view-week").tap();
    await page.getByTestId("desk-crowd").tap();
    await expect(page.getByTestId("desk-title")).toHaveText(says("Tue 1 Nov 2022"));
    await expect(page.locator(".tl-order")).toHaveCount(3);
  });
});

test.describe("in a zone that is not UTC", () => {
  test.use({ timezoneId: "America/St_Johns" }); // UTC−02:30 in that week
  test("Times are shown and typed as the wall clock has them", async ({ page, kiosk }) => {
    await open(page);
    await expect(row(page, 223)).toContainText("08:41");
    await row(page, 223).click();
    await field(page, "datetime").fill("2022-11-03T10:00");
    await page.getByTestId("desk-save").click();
    await expect(page.getByText("Order 223 saved")).toBeVisible();
    expect((await kiosk.get("/orders/223")).datetime).toBe(at(3, "12:30"));
  });
});
