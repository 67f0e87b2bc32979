// The page's mirror of the three-hour rule, by the cases that the server's rules are tested with.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { blocked, conflictAt, free, nextFree, suggestions } from "../../data/web/slots.js";

const cases = JSON.parse(readFileSync(new URL("../conflicts.json", import.meta.url), "utf8"));
const HOUR = 3_600_000;
const at = text => Date.parse(`2022-11-01T${text}Z`);
const order = (id, text) => ({ id, datetime: `2022-11-01T${text}Z` });

for (const row of cases)
  test(row.name, () => {
    const wanted = Date.parse(row.wanted);
    const hit = conflictAt(wanted, row.desk, row.gap_ms);
    assert.equal(hit?.id ?? null, row.conflicts_with);
    const next = nextFree(wanted, row.desk, row.gap_ms);
    const available = hit ? next : wanted;
    assert.equal(next, available);
    assert.equal(hit && next !== null ? new Date(next).toISOString() : null, row.next_available);
  });

test("an order does not conflict with itself, and none without a time with any", () => {
  const desk = [order("1", "12:00:00"), { id: "2", product: "Cable", quantity: 1 }];
  assert.equal(conflictAt(at("12:00:00"), desk, 3 * HOUR, "1"), null);
  assert.equal(nextFree(at("12:00:00"), desk, 3 * HOUR, "1"), at("12:00:00"));
});

test("blocked stretches that overlap are one, those that only touch are two", () => {
  const desk = [order("1", "06:00:00"), order("2", "08:00:00"), order("3", "14:00:00")];
  assert.deepEqual(blocked(desk, 3 * HOUR), [
    { from: at("03:00:00"), to: at("11:00:00") },
    { from: at("11:00:00"), to: at("17:00:00") },
  ]);
});

test("what is left of a day lies between the blocked stretches", () => {
  const day = { from: at("00:00:00"), to: at("23:59:00") };
  assert.deepEqual(free(day.from, day.to, [order("1", "12:00:00")], 3 * HOUR), [
    { from: day.from, to: at("09:00:00") },
    { from: at("15:00:00"), to: day.to },
  ]);
  assert.deepEqual(free(day.from, day.to, [], 3 * HOUR), [day]);
});

test("suggestions are free times, in order, not more than asked for", () => {
  const desk = [order("1", "12:00:00"), order("2", "18:30:00")];
  const offers = suggestions(at("00:00:00"), at("23:59:00"), desk, 3 * HOUR, undefined, 12);
  assert.ok(offers.length > 0 && offers.length <= 14, String(offers.length));
  assert.deepEqual(
    [...offers].sort((a, b) => a - b),
    offers,
  );
  for (const t of offers) assert.equal(conflictAt(t, desk, 3 * HOUR), null);
});
