import { test } from "node:test";
import assert from "node:assert/strict";
import {
  HOUR,
  MINUTE,
  addDays,
  duration,
  isoDay,
  localInput,
  moneyInput,
  parseDay,
  parseMoney,
  startOfDay,
  startOfWeek,
} from "../../data/web/format.js";

test("reads an amount from its digits", () => {
  for (const [text, cents] of [
    ["0", 0],
    ["12.5", 1250],
    ["12,50", 1250],
    [" 99.99 ", 9999],
    ["1.234", null],
    ["-1", null],
    ["1e3", null],
    ["", null],
  ])
    assert.equal(parseMoney(text), cents, JSON.stringify(text));
});

test("an amount in an input reads back as it is", () => {
  for (const cents of [0, 1, 99, 100, 9950, 123456789])
    assert.equal(parseMoney(moneyInput(cents)), cents);
});

test("lengths of time are said in words", () => {
  assert.deepEqual([1, MINUTE, HOUR, 1.5 * HOUR, 3 * HOUR].map(duration), [
    "1 minute",
    "1 minute",
    "1 hour",
    "1 h 30 min",
    "3 hours",
  ]);
});

test("days are stepped with the calendar, and back and forth as text", () => {
  const day = parseDay("2024-02-28");
  assert.equal(isoDay(addDays(day, 2)), "2024-03-01");
  assert.equal(parseDay("2024-2-28"), null);
  assert.equal(localInput(startOfDay(day) + 90 * MINUTE), "2024-02-28T01:30");
  assert.equal(isoDay(startOfWeek(startOfWeek(day))), isoDay(startOfWeek(day)));
});
