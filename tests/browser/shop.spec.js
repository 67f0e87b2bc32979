import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, expect, signIn } from "./kiosk.js";

const PRODUCTS = [
  ["netflix", "Netflix", "75.99"],
  ["spotify", "Spotify", "40.00"],
  ["worten", "Worten 20% Discount", "20.00"],
  ["tap", "TAP Airlines 12% Discount", "60.00"],
  ["health-insurance", "Health Insurance", "250.00"],
  ["equipment-insurance", "Personal Equipment Insurance", "60.00"],
];

const user = (name, balance, ...ids) => ({
  user: { user_id: name, data: { balance, product_ids: ids } },
});

async function choose(page, ...ids) {
  for (const id of ids) await page.getByTestId(`product-${id}`).click();
}

test("A name signs in to its balance and six products, and stays signed in", async ({
  page,
  kiosk,
}) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await expect(page.getByTestId("balance")).toHaveText("500.00");
  const cards = page.locator("button[data-testid^=product-]");
  await expect(cards).toHaveCount(6);
  for (const [i, [id, name, price]] of PRODUCTS.entries()) {
    await expect(cards.nth(i)).toHaveAttribute("data-testid", `product-${id}`);
    await expect(cards.nth(i)).toContainText(name);
    await expect(cards.nth(i)).toContainText(price);
  }
  expect(await kiosk.get("/api/users/johndoe")).toEqual(user("johndoe", 500));
  await page.reload();
  await expect(page.getByTestId("user-name")).toHaveText("johndoe");
  await page.getByTestId("sign-out").click();
  await expect(page.getByTestId("sign-in-name")).toBeFocused();
  await page.reload();
  await expect(page.getByTestId("sign-in-name")).toBeVisible();
});

for (const name of ["João", "a@b.co", "Mary Ann", "a/b?c#d%20e", "日本", "x".repeat(128)]) {
  test(`The name ${name.slice(0, 20)} signs in as it was typed`, async ({ page, kiosk }) => {
    await page.goto("/");
    await signIn(page, name);
    await choose(page, "spotify");
    await page.getByTestId("confirm-order").click();
    await expect(page.getByTestId("balance")).toHaveText("460.00");
    expect(await kiosk.get(`/api/users/${encodeURIComponent(name)}`)).toEqual(
      user(name, 460, "spotify"),
    );
  });
}

for (const [name, words] of [
  ["", "Type a name to sign in."],
  ["   ", "Type a name to sign in."],
  ["é".repeat(65), "This name is too long: 128 bytes at most."],
  ["..", "A name needs more than dots."],
]) {
  test(`The name ${JSON.stringify(name.slice(0, 10))} is refused in words`, async ({ page }) => {
    await page.goto("/");
    await page.getByTestId("sign-in-name").fill(name);
    await page.getByTestId("sign-in-submit").click();
    await expect(page.getByTestId("shop-message")).toHaveText(words);
    await expect(page.getByTestId("sign-in-name")).toBeFocused();
  });
}

test("The total runs along while choosing, and choosing again takes out", async ({ page }) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await expect(page.getByTestId("confirm-order")).toBeDisabled();
  const total = page.getByTestId("cart-total");
  for (const [id, sum] of [
    ["netflix", "75.99"],
    ["spotify", "115.99"],
    ["worten", "135.99"],
    ["netflix", "60.00"],
  ]) {
    await choose(page, id);
    await expect(total).toHaveText(sum);
  }
  await expect(page.getByTestId("product-netflix")).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByTestId("product-spotify")).toHaveAttribute("aria-pressed", "true");
  await page.getByRole("button", { name: "Remove Spotify" }).click();
  await expect(total).toHaveText("20.00");
  await expect(page.getByTestId("balance")).toHaveText("500.00");
});

test("What the balance does not cover is marked, and says why when pressed", async ({ page }) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "health-insurance", "netflix", "tap", "equipment-insurance", "spotify");
  await expect(page.getByTestId("cart-total")).toHaveText("485.99");
  const worten = page.getByTestId("product-worten");
  await expect(worten).toContainText("5.99 short");
  await expect(worten).toHaveAttribute("aria-disabled", "true");
  await worten.click({ force: true }); // aria-disabled, yet it answers
  await expect(page.getByTestId("shop-message")).toContainText(
    "Worten 20% Discount costs 20.00, and 14.01 would be left after what you have chosen.",
  );
  await expect(page.getByTestId("cart-total")).toHaveText("485.99");
});

test("An order lowers the balance, marks what is owned and is listed among my orders", async ({
  page,
  kiosk,
}) => {
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix", "spotify");
  await page.getByTestId("confirm-order").dblclick();
  await expect(page.getByTestId("shop-message")).toContainText(
    "Order 1 is placed: 115.99 paid, 384.01 left.",
  );
  await expect(page.getByTestId("balance")).toHaveText("384.01");
  await expect(page.getByTestId("product-netflix")).toContainText("Owned");
  await expect(page.getByTestId("my-order-1")).toContainText("Netflix, Spotify");
  await expect(page.getByTestId("my-order-1")).toContainText("115.99");
  expect(await kiosk.get("/api/users/johndoe")).toEqual(
    user("johndoe", 384.01, "netflix", "spotify"),
  );
  expect(
    (await kiosk.get("/api/orders?user_id=johndoe")).orders.map(o => [
      o.order_id,
      o.data.items,
      o.data.total,
    ]),
  ).toEqual([["1", ["netflix", "spotify"], 115.99]]);
  await page.getByTestId("product-netflix").click({ force: true });
  await expect(page.getByTestId("shop-message")).toContainText(
    "You already own Netflix. A product can be bought once.",
  );
  await page.reload();
  await expect(page.getByTestId("product-spotify")).toContainText("Owned");
  await expect(page.getByTestId("my-order-1")).toContainText("Netflix, Spotify");
});

test("A balance spent to the cent leaves 0.00", async ({ page, kiosk }) => {
  await kiosk.buy("johndoe", "health-insurance", "netflix");
  await page.goto("/");
  await signIn(page, "johndoe");
  await expect(page.getByTestId("balance")).toHaveText("174.01");
  await choose(page, "tap", "equipment-insurance", "spotify");
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("balance")).toHaveText("14.01");
});

test("What another client has bought meanwhile is taken out of the order", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(400);
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix", "tap");
  await kiosk.buy("johndoe", "netflix");
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("shop-message")).toContainText(
    "You already own Netflix, so nothing was paid. It is out of this order now.",
  );
  await expect(page.getByTestId("balance")).toHaveText("424.01");
  await expect(page.getByTestId("cart-total")).toHaveText("60.00");
  expect(await kiosk.get("/api/users/johndoe")).toEqual(user("johndoe", 424.01, "netflix"));
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("balance")).toHaveText("364.01");
});

test("A balance that another client has spent meanwhile is said, and nothing is paid", async ({
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
  await expect(page.getByTestId("shop-message")).toContainText(
    "This order costs 485.99 and your balance is 480.00. Nothing was paid; take something out.",
  );
  expect(await kiosk.get("/api/users/johndoe")).toEqual(user("johndoe", 480, "worten"));
});

test("A product that has left the catalogue is taken out of the order", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.refusals.add(400);
  watch.lost = true;
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix", "tap");
  await kiosk.stop();
  const seed = join(kiosk.folder, "seed.json");
  await writeFile(
    seed,
    JSON.stringify({
      starting_balance: 500,
      products: [{ id: "netflix", name: "Netflix", price: 75.99 }],
      services: [],
      orders: [],
    }),
  );
  await kiosk.start(["--seed", seed]);
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("shop-message")).toContainText(
    "Something in this order is no longer in the catalogue. The catalogue is up to date now.",
  );
  await expect(page.getByTestId("cart-total")).toHaveText("75.99");
  await expect(page.locator("button[data-testid^=product-]")).toHaveCount(1);
});

test("An order whose answer was lost is sent again without paying twice", async ({
  page,
  kiosk,
  watch,
}) => {
  watch.lost = true;
  await page.goto("/");
  await signIn(page, "johndoe");
  await choose(page, "netflix");
  await page.route(
    "**/api/orders",
    async route => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("shop-message")).toContainText(
    "Trying again is safe: nothing is paid twice.",
  );
  await expect(page.getByTestId("confirm-order")).toHaveText("Try again");
  await page.getByTestId("confirm-order").click();
  await expect(page.getByTestId("balance")).toHaveText("424.01");
  expect((await kiosk.get("/api/orders?user_id=johndoe")).orders).toHaveLength(1);
});

test("The shop is used by keyboard alone", async ({ page, kiosk }) => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  await expect(page.getByText("Skip to content")).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByTestId("sign-in-name")).toBeFocused();
  await page.keyboard.type("johndoe");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("user-name")).toBeFocused();
  await expect(page.getByTestId("product-netflix")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByTestId("sign-out")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByTestId("product-netflix")).toBeFocused();
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("cart-total")).toHaveText("115.99");
  await page.getByTestId("confirm-order").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("balance")).toHaveText("384.01");
  expect(await kiosk.get("/api/users/johndoe")).toEqual(
    user("johndoe", 384.01, "netflix", "spotify"),
  );
});

test.describe("with items as objects", () => {
  test.use({ args: ["--order-items", "objects"] });
  test("My orders name what was bought", async ({ page, kiosk }) => {
    await kiosk.buy("johndoe", "netflix", "tap");
    await page.goto("/");
    await signIn(page, "johndoe");
    await expect(page.getByTestId("my-order-1")).toContainText(
      "Netflix, TAP Airlines 12% Discount",
    );
  });
});
