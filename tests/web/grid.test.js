import { test } from "node:test";
import assert from "node:assert/strict";
import { Grid } from "../../data/web/grid.js";

const day = new Date(2022, 10, 1).getTime();
const grid = new Grid(day, 7, 40);

test("a time and its height lead to each other", () => {
  const t = new Date(2022, 10, 1, 9, 30).getTime();
  assert.equal(grid.y(t), 380);
  assert.equal(grid.timeAt(day, 380), t);
  assert.equal(grid.snap(t + 8 * 60_000), t + 15 * 60_000);
});

test("a stretch is cut at both ends of a day", () => {
  const hour = 3_600_000;
  assert.deepEqual(grid.stretch(day, day - hour, day + hour), { top: "0px", height: "40px" });
  assert.equal(grid.stretch(day, day - hour, day), null);
});

test("items that overlap share the width in lanes, others do not", () => {
  const items = [{ top: 0 }, { top: 10 }, { top: 100 }].map(i => ({ ...i, lane: 0 }));
  const groups = grid.lanes(items, 40);
  assert.deepEqual(
    groups.map(g => [g.items.length, g.lanes]),
    [
      [2, 2],
      [1, 1],
    ],
  );
});
