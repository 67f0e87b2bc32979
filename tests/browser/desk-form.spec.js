// The order form: what is wrong is said where it is, and nothing is lost or saved by accident.
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

async function open(page, url = WEEK) {
  await page.goto(url);
  await expect(page.getByTestId("desk-timeline")).toBeVisible();
  await expect(page.locator("[aria-busy]")).toHaveCount(0);
}
async function fillIn(page, datetime, fee = "10") {
  await page.getByTestId("desk-new").click();
  await field(page, "datetime").fill(datetime);
  await field(page, "service-123").click();
  await field(page, "totalfee").fill(fee);
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 375, height: 700 }, hasTouch: true, isMobile: true });
  test("What is wrong is said under its field, in sight and with the focus there", async ({
    page,
  }) => {
    await open(page);
    await page.getByTestId("desk-new").click();
    await field(page, "datetime").fill("2022-11-02T09:30");
    await field(page, "service-123").click();
    await page.getByTestId("desk-save").click();
    const message = page.getByTestId("desk-message");
    await expect(message).toBeInViewport({ ratio: 1 });
    await expect(field(page, "totalfee")).toBeFocused();
    await expect(field(page, "totalfee")).toBeInViewport({ ratio: 1 });
    const at = locator => locator.evaluate(e => e.getBoundingClientRect());
    const gap = (await at(message)).top - (await at(field(page, "totalfee"))).bottom;
    expect(gap).toBeGreaterThanOrEqual(0);
    expect(gap).toBeLessThan(20);
  });
});

for (const [way, leave] of [
  ["Escape", page => page.keyboard.press("Escape")],
  ["Cancel", page => page.getByRole("button", { name: "Cancel" }).click()],
])
  test(`${way} while it is being saved leaves no order behind`, async ({ page, kiosk }) => {
    await open(page);
    await fillIn(page, "2022-11-02T09:30");
    const created = page.waitForResponse(r => r.request().method() === "POST");
    await page.route("**/orders", async route => {
      if (route.request().method() !== "POST") return route.continue();
      await released;
      await route.continue();
    });
    let release;
    const released = new Promise(done => {
      release = done;
    });
    await page.getByTestId("desk-save").click();
    await expect(page.getByTestId("desk-save")).toHaveText("Saving…");
    await leave(page);
    await expect(page.getByTestId("desk-form")).toHaveCount(0);
    release();
    await created;
    await expect(page.getByText("No order was created: you cancelled it")).toBeVisible();
    await expect(row(page, 226)).toHaveCount(0);
    expect(await kiosk.get("/orders")).toHaveLength(3);
  });

test("A change that was cancelled while it was being saved is taken back", async ({
  page,
  kiosk,
}) => {
  await open(page);
  await row(page, 224).click();
  const before = (await kiosk.get("/orders/224")).totalfee;
  await field(page, "totalfee").fill("999");
  let release;
  const released = new Promise(done => {
    release = done;
  });
  let held = false;
  await page.route("**/orders/224", async route => {
    if (route.request().method() === "PATCH" && !held) {
      held = true;
      await released;
    }
    await route.continue();
  });
  await page.getByTestId("desk-save").click();
  await expect(page.getByTestId("desk-save")).toHaveText("Saving…");
  await page.keyboard.press("Escape");
  release();
  await expect(page.getByText("Order 224 is as it was: you cancelled the change")).toBeVisible();
  expect((await kiosk.get("/orders/224")).totalfee).toBe(before);
});

for (const [way, leave] of [
  ["A click on the backdrop", page => page.mouse.click(5, 5)],
  ["Escape", page => page.keyboard.press("Escape")],
])
  test(`${way} asks before it throws away what was filled in`, async ({ page }) => {
    await open(page);
    await fillIn(page, "2022-11-02T09:30", "77");
    await leave(page);
    await expect(page.getByText("Discard what you have filled in?")).toBeVisible();
    await page.getByTestId("keep-editing").click();
    await expect(field(page, "totalfee")).toHaveValue("77");
    await leave(page);
    await page.getByTestId("discard").click();
    await expect(page.getByTestId("desk-form")).toHaveCount(0);
  });

test("A deletion can be undone while a form is open, and after another order was saved", async ({
  page,
  kiosk,
}) => {
  await open(page);
  await row(page, 225).focus();
  await page.keyboard.press("Delete");
  await fillIn(page, "2022-11-03T09:30");
  await page.getByTestId("desk-undo").focus(); // the notice waits while it has the focus
  await page.getByTestId("desk-save").evaluate(e => e.form.requestSubmit());
  await expect(page.getByText("Order 226 created")).toBeVisible();
  expect((await kiosk.ask("GET", "/orders/225")).status).toBe(200);
  await page.getByTestId("desk-undo").click();
  await expect(row(page, 225)).toBeVisible();
  await expect(page.getByTestId("desk-undo")).toHaveCount(0);
  expect((await kiosk.ask("GET", "/orders/225")).status).toBe(200);
});

test("An undo in a form that is open is one click", async ({ page, kiosk }) => {
  await open(page);
  await row(page, 225).focus();
  await page.keyboard.press("Delete");
  await page.getByTestId("desk-new").click();
  await page.getByTestId("desk-undo").click();
  await expect(row(page, 225)).toHaveCount(1);
  expect((await kiosk.ask("GET", "/orders/225")).status).toBe(200);
});

test("Ctrl+Z takes a deletion back, and Backspace deletes nothing", async ({ page }) => {
  await open(page);
  await row(page, 225).focus();
  await page.keyboard.press("Backspace");
  await expect(row(page, 225)).toBeVisible();
  await page.keyboard.press("Delete");
  await expect(row(page, 225)).toHaveCount(0);
  await page.keyboard.press("Control+z");
  await expect(row(page, 225)).toBeVisible();
});

test("A new order begins at nine in weeks that are not this one", async ({ page }) => {
  for (const [week, monday] of [
    ["2022-11-08", "2022-11-07"],
    ["2044-03-09", "2044-03-07"],
  ]) {
    await open(page, `/#desk?view=week&at=${week}`);
    await page.getByTestId("desk-new").click();
    await expect(field(page, "datetime")).toHaveValue(`${monday}T09:00`);
    await page.getByRole("button", { name: "Cancel" }).click();
  }
});

test("The times that are offered are not past, and the chosen one is among them", async ({
  page,
}) => {
  await page.clock.setFixedTime("2026-05-04T15:20:00Z");
  await open(page, "/#desk?view=day&at=2026-05-04");
  await page.getByTestId("desk-new").click();
  await field(page, "datetime").fill("2026-05-04T17:25");
  const offers = page.getByTestId("desk-form-slot");
  await expect(page.locator('.slot[aria-pressed="true"]')).toHaveText("17:25");
  const times = await offers.allTextContents();
  expect(times.filter(t => t < "15:20")).toEqual([]);
  expect(times).toEqual([...times].sort());
});

test("Offers that load take the room that they will have", async ({ page }) => {
  await open(page);
  await page.route("**/orders?from=*", async route => {
    await released;
    await route.continue();
  });
  let release;
  const released = new Promise(done => {
    release = done;
  });
  await page.getByTestId("desk-new").click();
  await expect(page.locator(".slots-loading")).toBeVisible();
  const top = () => page.locator(".dialog-foot").evaluate(e => e.getBoundingClientRect().top);
  const before = await top();
  release();
  await expect(page.getByTestId("desk-form-slot").first()).toBeVisible();
  expect(Math.abs((await top()) - before)).toBeLessThan(40);
});

test("A fee of 99.50 reads back with two decimals", async ({ page, kiosk }) => {
  await kiosk.order(inspection("2022-11-02T09:00:00Z", { totalfee: 99.5 }));
  await open(page);
  await row(page, 226).click();
  await expect(field(page, "totalfee")).toHaveValue("99.50");
});

test("The form opens with the focus in its first field, and its choices are form controls", async ({
  page,
}) => {
  await open(page);
  await page.getByTestId("desk-new").click();
  await expect(field(page, "datetime")).toBeFocused();
  await expect(page.getByRole("radiogroup", { name: "What is ordered" })).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "Inspection" })).toBeVisible();
  await expect(page.getByRole("group", { name: /^Free on/ })).toBeVisible();
  await page.getByTestId("desk-save").click();
  await expect(page.getByRole("group", { name: "Services" })).toHaveAttribute(
    "aria-invalid",
    "true",
  );
});
