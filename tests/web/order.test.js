import { test } from "node:test";
import assert from "node:assert/strict";
import { byTime, difference, title, tint } from "../../data/web/order.js";

const order = {
  id: "1",
  datetime: "2022-11-01T11:11:11.111Z",
  totalfee: 99.5,
  services: [{ id: "123", name: "Inspection" }],
};

test("an order that was not changed has nothing to send", () => {
  const { datetime, totalfee, services } = order;
  assert.deepEqual(difference(order, { datetime, totalfee, services }), {});
  const spelled = { datetime: "2022-11-01T12:11:11.111+01:00", totalfee: 99.5, services: ["123"] };
  assert.deepEqual(difference(order, { ...spelled, services: [{ id: 123 }] }), {});
});

test("only what is different is sent, and what is gone as null", () => {
  const value = { totalfee: 100, services: [{ id: "456" }, { id: "123" }], product: "Cable" };
  assert.deepEqual(difference(order, value), {
    services: value.services,
    product: "Cable",
    totalfee: 100,
    datetime: null,
  });
});

test("orders without a time are in no order by time", () => {
  const early = { id: "2", datetime: "2022-10-01T00:00:00.000Z" };
  assert.deepEqual(
    byTime([order, { id: "3" }, early]).map(o => o.id),
    ["2", "1"],
  );
});

test("a title names services and products, and a tint belongs to a service", () => {
  assert.equal(title({ ...order, product: "Cable", quantity: 2 }), "Inspection, 2 × Cable");
  assert.equal(title({}), "Order");
  assert.equal(tint(order), tint({ services: [{ id: 123 }] }));
  assert.equal(tint({ product: "Cable" }), 5);
});
