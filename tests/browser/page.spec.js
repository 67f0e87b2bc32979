// What all views of the built-in page share, the services, and the API reference.
import { test, expect, signIn } from "./kiosk.js";

test("Each view is an address and a link, and a name that is none opens the shop", async ({
  page,
}) => {
  await page.goto("/#nothing");
  await expect(page.getByTestId("sign-in-name")).toBeVisible();
  for (const [view, title] of [
    ["desk", "Desk"],
    ["api", "API"],
    ["shop", "Shop"],
  ]) {
    await page.getByTestId(`nav-${view}`).click();
    await expect(page).toHaveTitle(`${title} · kiosk`);
    await expect(page.getByTestId(`nav-${view}`)).toHaveAttribute("aria-current", "page");
    await expect(page.locator("nav [aria-current]")).toHaveCount(1);
  }
  await page.goBack();
  await expect(page).toHaveTitle("API · kiosk");
});

test("The scheme follows the system, and a choice is kept until it is what the system says", async ({
  page,
}) => {
  const dark = () =>
    page.evaluate(() => {
      const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
      return r + g + b < 384;
    });
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  await expect.poll(dark).toBe(false);
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(dark).toBe(true);
  const toggle = page.getByTestId("theme-toggle");
  await toggle.click();
  await expect(toggle).toHaveAttribute("aria-label", "Switch to the dark scheme");
  await expect.poll(dark).toBe(false);
  await page.reload();
  await expect.poll(dark).toBe(false);
  await toggle.click();
  expect(await page.evaluate(() => localStorage.getItem("kiosk.theme"))).toBeNull();
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(dark).toBe(false);
});

test("The page's own rules let nothing in from elsewhere", async ({ kiosk }) => {
  for (const path of ["/", "/docs", "/_kiosk/page/app.js"]) {
    const { status, headers } = await kiosk.ask("GET", path);
    expect(status, path).toBe(200);
    expect(headers.get("content-security-policy"), path).toBe(
      "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    );
    expect(headers.get("x-content-type-options"), path).toBe("nosniff");
  }
});

test("Names from other people stand on the page as text", async ({ page, kiosk }) => {
  const name = "<img src=x onerror=alert(1)>&amp;";
  expect((await kiosk.ask("POST", "/services", { id: 9, name })).status).toBe(201);
  await kiosk.order({
    datetime: "2022-11-02T09:00:00Z",
    product: name,
    quantity: 1,
    services: ["9"],
    totalfee: 1,
  });
  await page.goto("/#services");
  await expect(page.getByTestId("service-9")).toContainText(name);
  await page.getByTestId("nav-desk").click();
  await page.goto("/#desk?view=day&at=2022-11-02");
  await expect(page.getByTestId("desk-order-226")).toContainText(name);
  await page.getByTestId("nav-shop").click();
  await signIn(page, name);
});

test("A service is added, renamed, deleted and brought back", async ({ page, kiosk }) => {
  await page.goto("/#services");
  await expect(page.getByTestId("service-list").getByRole("listitem")).toHaveCount(3);
  await page.getByTestId("service-add").click();
  await expect(page.getByTestId("service-message")).toHaveText("A service needs a name.");
  await page.getByTestId("service-name").fill("Calibration");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("service-790")).toContainText("Calibration");
  await page.getByTestId("service-rename-790").click();
  await page.getByTestId("service-rename-input").fill("Fine calibration");
  await page.getByTestId("service-rename-save").click();
  await expect(page.getByTestId("service-790")).toContainText("Fine calibration");
  await expect(page.getByTestId("service-rename-790")).toBeFocused();
  expect(await kiosk.get("/services/790")).toEqual({ id: 790, name: "Fine calibration" });
  await page.getByTestId("service-delete-790").click();
  await expect(page.getByTestId("service-790")).toHaveCount(0);
  expect((await kiosk.ask("GET", "/services/790")).status).toBe(404);
  await page.getByTestId("service-undo").click();
  await expect(page.getByTestId("service-790")).toContainText("Fine calibration");
  expect(await kiosk.get("/services/790")).toEqual({ id: 790, name: "Fine calibration" });
});

test("A service that orders use is kept, and its orders are one click away", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(409);
  await page.goto("/#services");
  await page.getByTestId("service-delete-789").click();
  await expect(page.getByTestId("service-789")).toContainText(
    "Orders still use this service, so it cannot be deleted.",
  );
  await page.getByRole("link", { name: "Show these orders" }).click();
  await expect(page.getByTestId("desk-row-224")).toBeVisible();
  await expect(page.locator("tbody tr")).toHaveCount(1);
  expect((await kiosk.get("/services")).map(s => s.id)).toEqual([123, 789, 456]);
});

const endpoint = (page, operation) => page.locator(`[data-operation="${operation}"]`);
const load = async kiosk => {
  const { paths } = await kiosk.get("/openapi.json");
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter(k => ["get", "post", "put", "patch", "delete"].includes(k))
      .map(k => `${k} ${path}`),
  );
};

for (const path of ["/docs", "/#api"]) {
  test(`${path} shows every endpoint, and sends what is tried from it`, async ({
    page,
    kiosk,
    watch,
  }) => {
    watch.refusals.add(400);
    const operations = await load(kiosk);
    expect(operations).toContain("get /api/products");
    await page.goto(path);
    await expect(page.getByTestId("api-endpoint")).toHaveCount(operations.length);
    for (const operation of operations) await expect(endpoint(page, operation)).toHaveCount(1);

    const products = endpoint(page, "get /api/products");
    await products.locator("summary").first().click();
    await expect(products.locator(".curl")).toContainText(`curl '${kiosk.url}/api/products'`);
    await products.getByTestId("api-try").click();
    await expect(products.getByTestId("api-status")).toHaveText("200 OK");
    expect(JSON.parse(await products.getByTestId("api-answer").textContent())).toEqual(
      await kiosk.get("/api/products"),
    );

    const place = endpoint(page, "post /api/orders");
    await place.locator("summary").first().click();
    await place
      .getByTestId("api-body")
      .fill(JSON.stringify({ order: { items: ["netflix"], user_id: "tried" } }));
    await place.getByTestId("api-try").click();
    await expect(place.getByTestId("api-status")).toHaveText("200 OK");
    expect(await kiosk.get("/api/users/tried")).toEqual({
      user: { user_id: "tried", data: { balance: 424.01, product_ids: ["netflix"] } },
    });
    await place.getByTestId("api-try").click();
    await expect(place.getByTestId("api-status")).toHaveText("400 Bad Request");
    await expect(place.getByTestId("api-answer")).toContainText("products_already_purchased");

    await page.getByRole("searchbox", { name: "Find an endpoint" }).fill("delete");
    await expect(page.getByTestId("api-endpoint").filter({ visible: true })).toHaveCount(
      operations.filter(o => o.startsWith("delete")).length,
    );
  });
}

test("Every example that the reference offers is JSON and is answered", async ({
  page,
  kiosk,
  watch,
}) => {
  for (const status of [400, 404, 409]) watch.refusals.add(status);
  const operations = (await load(kiosk)).filter(o => !/^delete|_kiosk\/(reset|backup)/.test(o));
  await page.goto("/docs");
  for (const operation of operations) {
    const card = endpoint(page, operation);
    await card.locator("summary").first().click();
    await card.getByTestId("api-try").click();
    await expect(card.getByTestId("api-status"), operation).toHaveText(
      /^(200|201|204|400|404|409)/,
    );
  }
});

test("A request that deletes asks once more", async ({ page, kiosk }) => {
  await page.goto("/docs");
  const card = endpoint(page, "delete /orders/{id}");
  await card.locator("summary").first().click();
  await card.getByTestId("api-param-id").fill("224");
  await card.getByTestId("api-try").click();
  await expect(card.getByTestId("api-try")).toHaveText("This deletes data. Send?");
  expect((await kiosk.ask("GET", "/orders/224")).status).toBe(200);
  await card.getByTestId("api-try").click();
  await expect(card.getByTestId("api-status")).toHaveText("200 OK");
  expect((await kiosk.ask("GET", "/orders/224")).status).toBe(404);
});

// Each view with its server gone, and back on the same port.
for (const [view, shown] of [
  ["shop", "button[data-testid^=product-]"],
  ["desk", "[data-testid=desk-order-223]"],
  ["desk?view=list", "[data-testid=desk-row-223]"],
  ["services", "[data-testid=service-123]"],
  ["api", "[data-testid=api-endpoint]"],
]) {
  test(`#${view} says that the server is gone, and loads when it is back`, async ({
    page,
    kiosk,
    watch,
  }) => {
    watch.lost = true;
    await page.goto("/");
    await signIn(page, "johndoe");
    await page.goto(view === "services" ? "/#api" : "/#desk?view=services");
    await expect(page.locator(".skeleton")).toHaveCount(0);
    await kiosk.stop();
    const address = view === "desk" ? "desk?view=week&at=2022-11-01" : view;
    await page.evaluate(hash => {
      location.hash = hash;
    }, address);
    await expect(page.getByTestId("error-state").first()).toContainText("No connection to kiosk");
    await expect(page.getByTestId("error-state").first()).toContainText(
      "Check that kiosk is still running, then try again.",
    );
    await page.getByTestId("retry").first().click();
    await expect(page.getByTestId("error-state").first()).toBeVisible();
    await kiosk.start();
    await page.getByTestId("retry").first().click();
    await expect(page.locator(shown).first()).toBeVisible();
    await expect(page.getByTestId("error-state")).toHaveCount(0);
  });
}

test.describe("slow answers", () => {
  test.use({ args: ["--delay", "1500"] });
  for (const [view, shown] of [
    ["shop", ".product"],
    ["desk?view=list", "tbody tr"],
    ["desk?view=week&at=2022-11-01", ".tl-order"],
    ["services", "[data-testid=service-123]"],
  ]) {
    test(`#${view} says that it is loading until it has`, async ({ page }) => {
      await page.goto(`/#${view}`);
      await expect(page.getByRole("status").filter({ hasText: "Loading…" }).first()).toBeAttached();
      await expect(page.locator(shown).first()).toBeVisible();
      await expect(page.locator(".skeleton")).toHaveCount(0);
    });
  }
});

test.describe("answers that all fail", () => {
  test.use({ args: ["--fail", "100"] });
  test("Every view says so and stays usable", async ({ page, watch }) => {
    watch.refusals.add(503);
    await page.goto("/");
    for (const view of ["shop", "desk"]) {
      await page.getByTestId(`nav-${view}`).click();
      await expect(page.getByTestId("error-state")).toContainText("This did not load");
      await expect(page.getByTestId("error-state")).toContainText(
        "The server failed this request on purpose (it was started with --fail). Nothing was changed; try again.",
      );
      await page.getByTestId("retry").click();
      await expect(page.getByTestId("error-state")).toBeVisible();
    }
    await page.getByTestId("nav-shop").click();
    await page.getByTestId("sign-in-name").fill("johndoe");
    await page.getByTestId("sign-in-submit").click();
    await expect(page.getByTestId("shop-message")).toContainText(
      "The server failed this request on purpose",
    );
    await expect(page.getByTestId("sign-in-submit")).toBeEnabled();
  });
});

test.describe("a seed of nothing", () => {
  test("Every view is empty in words", async ({ page, kiosk, watch }) => {
    watch.lost = true;
    const { writeFile } = await import("node:fs/promises");
    await kiosk.stop();
    await writeFile(
      `${kiosk.folder}/empty.json`,
      JSON.stringify({ starting_balance: 0, products: [], services: [], orders: [] }),
    );
    await kiosk.start(["--seed", `${kiosk.folder}/empty.json`]);
    await page.goto("/");
    await signIn(page, "johndoe");
    await expect(page.getByText("Nothing in the catalogue")).toBeVisible();
    await expect(page.getByText("No orders yet")).toBeVisible();
    await expect(page.getByTestId("balance")).toHaveText("0.00");
    await page.goto("/#services");
    await expect(page.getByText("No services yet")).toBeVisible();
    await page.goto("/#desk?view=list");
    await expect(page.getByText("No orders yet")).toBeVisible();
    await page.getByTestId("desk-view-week").click();
    await expect(page.getByText("No orders this week.")).toBeVisible();
    await page.getByTestId("desk-new").click();
    await expect(page.getByTestId("desk-form")).toContainText("There are no services yet.");
  });
});
