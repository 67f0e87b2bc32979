// Every state of the built-in page at three widths and in both schemes: nothing serious for axe, nothing wider than
// the screen, and a screenshot in build/screenshots/.
import { test, expect, signIn, look } from "./kiosk.js";

const choose = async (page, ...ids) => {
  for (const id of ids) await page.getByTestId(`product-${id}`).click();
};
const inspection = (datetime, more = {}) => ({
  datetime,
  totalfee: 80,
  services: ["123"],
  ...more,
});

async function settled(page) {
  await expect(page.locator(".skeleton")).toHaveCount(0);
  await expect(page.locator("[aria-busy]")).toHaveCount(0);
}

for (const width of [375, 768, 1440]) {
  test.describe(`at ${width} px`, () => {
    test.use({ viewport: { width, height: width === 375 ? 760 : 900 }, hasTouch: width === 375 });

    test("the shop", async ({ page, kiosk, watch }) => {
      watch.refusals.add(400);
      await page.goto("/");
      await expect(page.locator(".product")).toHaveCount(6);
      await look(page, "shop-signed-out");
      await page.getByTestId("sign-in-submit").click();
      await look(page, "shop-name-refused");
      await signIn(page, "johndoe");
      await settled(page);
      await look(page, "shop");
      await choose(page, "netflix", "health-insurance", "tap", "spotify", "equipment-insurance");
      await page.getByTestId("product-worten").click({ force: true });
      await look(page, "shop-too-dear");
      await choose(page, "health-insurance", "equipment-insurance");
      await look(page, "shop-choosing");
      await kiosk.buy("johndoe", "netflix");
      await page.getByTestId("confirm-order").click();
      await expect(page.getByTestId("shop-message")).toContainText("You already own Netflix");
      await look(page, "shop-refused");
      await page.getByTestId("confirm-order").click();
      await expect(page.getByTestId("shop-message")).toContainText("is placed");
      await look(page, "shop-placed");
    });

    test("the desk", async ({ page, kiosk, watch }) => {
      for (const status of [409, 412]) watch.refusals.add(status);
      await kiosk.order(inspection("2022-10-31T09:00:00Z"));
      await kiosk.order({
        datetime: "2022-11-02T14:00:00Z",
        product: "Network cable, 20 m",
        quantity: 12,
      });
      await kiosk.order(
        inspection("2022-11-03T08:30:00Z", { services: ["123", "456"], totalfee: 240.5 }),
      );
      await kiosk.order(inspection("2022-11-03T13:00:00Z", { product: "Router", quantity: 1 }));
      await page.goto("/#desk?view=week&at=2022-11-01");
      await settled(page);
      await look(page, "desk-week");
      await page.goto("/#desk?view=day&at=2022-11-03");
      await settled(page);
      await look(page, "desk-day");
      await page.getByTestId("desk-new").click();
      await page.getByTestId("desk-form-datetime").fill("2022-11-03T10:00");
      await expect(page.getByTestId("desk-form-next-free")).toBeVisible();
      await look(page, "desk-form-taken");
      await page.getByTestId("desk-form-kind-both").click();
      await page.getByTestId("desk-save").click();
      await look(page, "desk-form-missing");
      await page.getByTestId("desk-form-kind-services").click();
      await page.getByTestId("desk-form-service-123").click();
      await page.getByTestId("desk-form-totalfee").fill("80");
      await page.getByTestId("desk-save").click();
      await expect(page.getByTestId("desk-conflict")).toBeVisible();
      await look(page, "desk-conflict");
      await page.keyboard.press("Escape");
      await page.getByTestId("discard").click();
      await page.getByTestId("desk-order-228").click();
      await expect(page.getByTestId("desk-form-totalfee")).toBeVisible();
      await look(page, "desk-edit");
      expect((await kiosk.ask("PUT", "/orders/228", { totalfee: 1 })).status).toBe(200);
      await page.getByTestId("desk-form-totalfee").fill("2");
      await page.getByTestId("desk-save").click();
      await expect(page.getByTestId("desk-stale")).toBeVisible();
      await look(page, "desk-stale");
      await page.keyboard.press("Escape");
      await page.getByTestId("discard").click();
      await page.getByTestId("desk-order-229").focus();
      await page.keyboard.press("Shift+ArrowUp");
      await page.keyboard.press("Shift+ArrowUp");
      await page.keyboard.press("Enter");
      await expect(page.getByTestId("desk-conflict")).toBeVisible();
      await look(page, "desk-move-refused");
      await page.keyboard.press("Escape");
      await page.getByTestId("desk-view-list").click();
      await settled(page);
      await look(page, "desk-list");
      await page.getByRole("button", { name: "Delete order 226" }).click();
      await expect(page.getByTestId("desk-undo")).toBeVisible();
      await page.getByTestId("desk-undo").focus(); // the notice waits while it has the focus
      await look(page, "desk-deleted");
      await page.goto("/#desk?view=week&at=2021-01-01");
      await expect(page.locator(".tl-empty")).toContainText("No orders");
      await look(page, "desk-empty");
    });

    test("services, the API and its answers", async ({ page, watch }) => {
      watch.refusals.add(409);
      await page.goto("/#services");
      await settled(page);
      await page.getByTestId("service-delete-123").click();
      await expect(page.getByRole("link", { name: "Show these orders" })).toBeVisible();
      await look(page, "services-in-use");
      await page.getByTestId("service-rename-456").click();
      await look(page, "services-rename");
      await page.goto("/docs");
      await expect(page.getByTestId("api-endpoint").first()).toBeVisible();
      await look(page, "docs");
      const place = page.locator('[data-operation="post /api/orders"]');
      await place.locator("summary").first().click();
      await place.getByTestId("api-try").click();
      await expect(place.getByTestId("api-status")).toHaveText("200 OK");
      await place.scrollIntoViewIfNeeded();
      await look(page, "docs-tried");
    });

    test("the server gone", async ({ page, kiosk, watch }) => {
      watch.lost = true;
      await page.goto("/");
      await signIn(page, "johndoe");
      await kiosk.stop();
      for (const view of ["desk", "shop", "api"]) {
        await page.getByTestId(`nav-${view}`).click();
        await expect(page.getByTestId("error-state")).toBeVisible();
        await look(page, `${view}-gone`);
      }
    });

    test.describe("with slow answers", () => {
      test.use({ args: ["--delay", "60000"] });
      test("loading", async ({ page, kiosk, watch }) => {
        watch.lost = true; // at the end
        await page.goto("/");
        await expect(page.locator(".skeleton").first()).toBeVisible();
        await look(page, "shop-loading");
        await page.goto("/#desk?view=services");
        await look(page, "services-loading");
        await page.goto("/#desk?view=week&at=2022-11-01");
        await look(page, "desk-loading");
        kiosk.child.kill("SIGKILL");
        await kiosk.exited;
      });
    });
  });
}
