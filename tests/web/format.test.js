import { test } from "node:test";
import assert from "node:assert/strict";
import { parseMoney } from "../../data/web/format.js";

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
