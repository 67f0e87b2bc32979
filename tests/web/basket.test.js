import { test } from "node:test";
import assert from "node:assert/strict";
import { Basket } from "../../data/web/basket.js";

const PRODUCTS = [
  { id: "a", name: "A", price: 75.99 },
  { id: "b", name: "B", price: 40 },
  { id: "c", name: "C", price: 20.1 },
];
function basket(balance, owned = [], chosen = []) {
  const b = new Basket();
  b.takeProducts(PRODUCTS);
  b.chosen = new Set(chosen);
  b.takeUser({ data: { balance, product_ids: owned } });
  return b;
}

test("totals are exact in cents", () => {
  const b = basket(500, [], ["a", "b", "c"]);
  assert.deepEqual([b.total, b.left], [13609, 36391]);
});

test("what is owned, or no longer sold, leaves the basket", () => {
  const b = basket(500, ["a"], ["a", "b"]);
  assert.deepEqual([...b.chosen], ["b"]);
  b.takeProducts([PRODUCTS[0]]);
  assert.deepEqual([...b.chosen], []);
});

test("a product is short only if it is neither owned nor chosen", () => {
  const b = basket(60, ["c"], ["b"]);
  assert.deepEqual(
    PRODUCTS.map(p => b.stateOf(p.id)),
    ["short", "chosen", "owned"],
  );
});
