// The API reference in full, the page at its fixed home, in other locales, on paper and at addresses
// that are nothing.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, test, expect, signIn } from "./kiosk.js";

const endpoint = (page, operation) => page.locator(`[data-operation="${operation}"]`);
const card = async (page, operation) => {
  const found = endpoint(page, operation);
  await found.locator("summary").first().click();
  return found;
};

test("POST /orders is described with the desk's body and with the shop's", async ({ page }) => {
  await page.goto("/#api");
  const place = await card(page, "post /orders");
  const shown = place.getByTestId("api-alternative");
  for (const name of ["datetime", "totalfee", "services", "product", "quantity"])
    await expect(shown).toContainText(name);
  await place.getByTestId("api-form-Purchase").click();
  await expect(shown).toContainText("user_id");
});

test("Every example of the document can be sent, next to what it should be answered", async ({
  page,
  watch,
}) => {
  watch.refusals.add(409);
  await page.goto("/#api");
  const place = await card(page, "post /orders");
  await expect(place.getByTestId("api-example").locator("option")).toHaveCount(11);
  await place.getByTestId("api-example").selectOption("order_conflict");
  await expect(place.getByTestId("api-body")).toHaveValue(/2022-11-01T12:00:00Z/);
  await place.getByTestId("api-try").click();
  await expect(place.getByTestId("api-status")).toHaveText("409 Conflict");
  await expect(place.getByTestId("api-expected")).toContainText("Expected on fresh data: 409");
  await expect(place.getByTestId("api-expected")).toContainText("order_conflict");
});

test("An operation has an address, and all rules of the document are on the page", async ({
  page,
}) => {
  await page.goto("/#api");
  await card(page, "patch /orders/{id}");
  expect(page.url()).toContain("op=");
  await page.reload();
  await expect(endpoint(page, "patch /orders/{id}")).toHaveAttribute("open", "");
  await expect(endpoint(page, "patch /orders/{id}").getByTestId("api-try")).toBeInViewport();
  await page.getByText("Rules for every request").click();
  await expect(page.getByTestId("api-more")).toContainText("of at most 1 MiB and 32 levels");
});

test("A request is copied for a shell, a page or TypeScript", async ({ page, kiosk }) => {
  await page.goto("/#api");
  const products = await card(page, "get /api/products");
  await products.getByTestId("api-copy-fetch").click();
  await expect(products.locator(".curl")).toContainText(`await fetch("${kiosk.url}/api/products")`);
  await products.getByTestId("api-copy-TypeScript").click();
  await expect(products.locator(".curl")).toContainText("const data: unknown");
});

test("An address that is nothing is a page for a browser and JSON for a script", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(404);
  for (const path of ["/api", "/nosuch"]) {
    const answer = await page.goto(path);
    expect(answer.status(), path).toBe(404);
    await expect(page.locator("main")).toContainText(`There is no page at ${path}`);
    const { status, body } = await kiosk.ask("GET", path);
    expect([status, body.error]).toEqual([404, "not_found"]);
  }
  await page.getByRole("link", { name: "To the API" }).click();
  await expect(page.getByTestId("api-endpoint").first()).toBeVisible();
});

const withFrontend = base.extend({
  args: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "kiosk-home-"));
    await writeFile(join(folder, "index.html"), "<!doctype html><h1>A frontend</h1>");
    await use(["--frontend", folder]);
    await rm(folder, { recursive: true });
  },
});
withFrontend(
  "With a frontend every link of the page leads to the page",
  async ({ page, watch }) => {
    watch.refusals.add(404); // the frontend has no icon
    await page.goto("/");
    await expect(page.locator("h1")).toHaveText("A frontend");
    for (const start of ["/docs", "/_kiosk/"])
      for (const view of ["shop", "desk", "api"]) {
        await page.goto(start);
        await page.getByTestId(`nav-${view}`).click();
        await expect(page).toHaveURL(new RegExp(`/_kiosk/#${view}`));
        await expect(page.getByTestId(`nav-${view}`)).toHaveAttribute("aria-current", "page");
      }
  },
);

test.describe("in the German locale", () => {
  test.use({ locale: "de-DE" });
  test("Amounts, times and dates are written as there, and read back", async ({ page, kiosk }) => {
    await page.goto("/");
    await signIn(page, "johndoe");
    await expect(page.getByTestId("balance")).toHaveText("500,00");
    await page.goto("/#desk?view=week&at=2022-11-01");
    await expect(page.getByTestId("desk-title")).toContainText("Nov");
    await page.getByTestId("desk-order-223").click();
    await page.getByTestId("desk-form-totalfee").fill("12,50");
    await page.getByTestId("desk-save").click();
    await expect(page.getByText("Order 223 saved")).toBeVisible();
    expect((await kiosk.get("/orders/223")).totalfee).toBe(12.5);
  });
});

test.describe("in the American locale", () => {
  test.use({ locale: "en-US" });
  test("Hours count to twelve and weeks begin on Sunday", async ({ page }) => {
    await page.goto("/#desk?view=week&at=2022-11-01");
    await expect(page.getByTestId("desk-order-223")).toContainText(/11:11\sAM/);
    await expect(page.locator(".tl-hours")).toContainText(/7\sAM/);
    await expect(page.locator(".tl-day").first()).toContainText("Sun");
  });
});

test("On paper there are the orders and no controls", async ({ page }) => {
  await page.goto("/#desk?view=list");
  await expect(page.getByTestId("desk-row-223")).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByTestId("desk-row-223")).toBeVisible();
  for (const gone of [".top", ".filters", ".cell-actions", ".desk-bar"])
    await expect(page.locator(gone).first()).toBeHidden();
});

test("A notice about a long name is no wider than it can be read", async ({ page }) => {
  await page.goto("/#desk?view=services");
  await page.getByTestId("service-name").fill("x".repeat(200));
  await page.keyboard.press("Enter");
  const toast = page.locator(".toast");
  await expect(toast).toBeVisible();
  expect((await toast.boundingBox()).width).toBeLessThanOrEqual(480);
});

test("An idle page notices that the server is gone, and that it is back", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.lost = true;
  await page.clock.install();
  await page.goto("/");
  await signIn(page, "johndoe");
  await kiosk.stop();
  await page.clock.runFor(16_000);
  await expect(page.getByTestId("connection")).toHaveText("No connection to kiosk");
  await kiosk.start();
  await page.clock.runFor(3_000);
  await expect(page.getByTestId("connection")).toBeEmpty();
});

test("An order while the server is down says so, and views come back by themselves", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.lost = true;
  await page.goto("/");
  await signIn(page, "johndoe");
  await page.getByTestId("product-netflix").click();
  await kiosk.stop();
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("shop-message")).toContainText("The server does not answer.");
  await expect(page.getByTestId("shop-message")).toContainText("nothing is paid twice");
  await page.getByTestId("nav-desk").click();
  await expect(page.getByTestId("error-state")).toBeVisible();
  await kiosk.start();
  await expect(page.getByTestId("desk-timeline")).toBeVisible();
  await expect(page.getByTestId("error-state")).toHaveCount(0);
});
