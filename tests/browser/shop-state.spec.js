// The shop when something else changes too, when names are long, and on a small screen.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, expect, signIn } from "./kiosk.js";

const choose = async (page, ...ids) => {
  for (const id of ids) await page.getByTestId(`product-${id}`).click();
};
const boxes = locator =>
  locator.evaluateAll(all =>
    all.map(e => {
      const { top, bottom, height } = e.getBoundingClientRect();
      return { top, bottom, height };
    }),
  );

/** A seed of products with names of two lines. */
const long = async (kiosk, number) => {
  const name = i => `Annual membership with a long name, number ${i}, for everybody`;
  const products = Array.from({ length: number }, (_, i) => ({
    id: `p${i}`,
    name: name(i),
    price: 1,
  }));
  const seed = join(kiosk.folder, "long.json");
  await kiosk.stop();
  const rest = { starting_balance: 500, services: [], orders: [] };
  await writeFile(seed, JSON.stringify({ ...rest, products }));
  await kiosk.start(["--seed", seed]);
  return products.map(p => p.id);
};

test("Fourteen lines with long names do not print over each other", async ({ page, kiosk }) => {
  await page.setViewportSize({ width: 1440, height: 800 });
  const ids = await long(kiosk, 14);
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, ...ids);
  const lines = page.locator(".cart-lines li:visible");
  await expect(lines).toHaveCount(14);
  const rows = await boxes(lines);
  for (let i = 1; i < rows.length; i++)
    expect(rows[i].top, `line ${i}`).toBeGreaterThanOrEqual(rows[i - 1].bottom - 1);
  const names = await boxes(page.locator(".cart-lines li:visible > span:first-child"));
  names.forEach(({ height }, i) => expect(height).toBeLessThanOrEqual(rows[i].height + 1));
});

test("A line that stays is not drawn again when another one is added", async ({ page }) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix");
  const line = page.locator(".cart-lines li", { hasText: "Netflix" });
  await line.evaluate(e => {
    e.dataset.same = "yes";
  });
  await choose(page, "spotify");
  await expect(line).toHaveAttribute("data-same", "yes");
});

test("After a reset elsewhere every amount is the server's, and no order is there twice", async ({
  page,
  kiosk,
}) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix");
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("shop-message")).toContainText("424.01 left");
  expect((await kiosk.ask("POST", "/_kiosk/reset")).status).toBe(200);
  await choose(page, "spotify");
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("shop-message")).toContainText(
    "Order 1 is placed: 40.00 paid, 460.00 left.",
  );
  await expect(page.getByTestId("balance")).toHaveText("460.00");
  await expect(page.getByTestId("my-order-1")).toHaveCount(1);
  await expect(page.getByTestId("my-orders").locator(".order-row")).toHaveCount(1);
});

test("An order that the balance no longer covers cannot be confirmed, and says by how much", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(400);
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "health-insurance", "netflix", "tap", "equipment-insurance", "spotify");
  await kiosk.buy("johndoe", "worten");
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("shop-message")).toContainText("Nothing was paid");
  await expect(page.locator(".cart-after")).toHaveText("5.99 more than your balance");
  await expect(page.getByTestId("confirm-order")).toHaveAttribute("aria-disabled", "true");
});

test("What is chosen is still there after a reload, and after a visit to the desk", async ({
  page,
}) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix", "spotify");
  await page.reload();
  await expect(page.getByTestId("cart-total")).toHaveText("115.99");
  await page.getByTestId("nav-desk").click();
  await page.goBack();
  await expect(page.getByTestId("cart-total")).toHaveText("115.99");
});

test("The focus is on what became of an order after it was confirmed", async ({ page }) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix");
  await page.getByTestId("confirm-order").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("shop-message")).toContainText("is placed");
  await expect(page.locator(".cart-message .note")).toBeFocused();
});

test("Signing in reads the user once and keeps the catalogue", async ({ page }) => {
  const asked = [];
  page.on("request", r => asked.push(new URL(r.url()).pathname));
  await page.goto("/");
  await expect(page.locator(".product")).toHaveCount(6);
  await signIn(page, "johndoe");
  await expect(page.getByTestId("product-netflix")).toBeVisible();
  await expect(page.getByTestId("my-orders")).toContainText("No orders yet");
  expect(asked.filter(p => p === "/api/users/johndoe")).toHaveLength(1);
  expect(asked.filter(p => p === "/api/products")).toHaveLength(1);
});

test("Forced colours show which product is chosen and where one is", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix");
  const tick = id => page.getByTestId(`product-${id}`).locator(".mark .icon");
  const shown = id => tick(id).evaluate(e => getComputedStyle(e).visibility);
  expect([await shown("netflix"), await shown("spotify")]).toEqual(["visible", "hidden"]);
  const outline = view =>
    page.getByTestId(`nav-${view}`).evaluate(e => getComputedStyle(e).outlineStyle);
  expect([await outline("shop"), await outline("desk")]).toEqual(["solid", "none"]);
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 375, height: 760 }, hasTouch: true, isMobile: true });

  test("A long name that was used before does not widen the page", async ({ page }) => {
    await page.goto("/");
    await signIn(page, "x".repeat(40));
    await page.getByTestId("sign-out").click();
    await expect(page.locator(".recent .chip")).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
    const [chip] = await page
      .locator(".recent .chip")
      .evaluateAll(all => all.map(e => e.getBoundingClientRect().right));
    expect(chip).toBeLessThanOrEqual(375 - 16);
  });

  test("The search for a product is as wide as its row", async ({ page, kiosk }) => {
    await long(kiosk, 14);
    await page.goto("/");
    await signIn(page, "johndoe");
    const search = page.getByRole("searchbox", { name: "Find a product" });
    await expect(search).toBeVisible();
    expect((await search.boundingBox()).width).toBe(375 - 2 * 16);
  });

  test("The lines of the order can be seen and removed", async ({ page }) => {
    await page.goto("/");
    await signIn(page, "johndoe");
    await choose(page, "netflix", "spotify");
    const remove = page.getByRole("button", { name: "Remove Netflix" });
    await expect(remove).toBeHidden();
    await page.getByRole("button", { name: "2 products" }).click();
    await remove.click();
    await expect(page.getByTestId("cart-total")).toHaveText("40.00");
  });

  test("What was said about an order goes by itself", async ({ page }) => {
    await page.clock.install();
    await page.goto("/");
    await signIn(page, "johndoe");
    await choose(page, "netflix");
    await page.getByTestId("confirm-order").tap();
    await expect(page.getByTestId("shop-message")).toContainText("is placed");
    await page.clock.runFor(12_000);
    await expect(page.getByTestId("shop-message")).toBeEmpty();
  });
});
