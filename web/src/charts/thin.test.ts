import assert from "node:assert/strict";
import { test } from "node:test";
import { thin } from "./thin.ts";

const LENGTH = 10_000;
const WIDTH = 300;
const columnOf = (index: number) => (index / LENGTH) * WIDTH;
const shown = (value: number | null): value is number => value !== null;

test("a short line keeps all its points", () => {
  assert.deepEqual(thin([3, null, 1], columnOf, shown), [0, 1, 2]);
});

test("a long line has at most four points in a column, its ends and its extremes", () => {
  const values = Array.from({ length: LENGTH }, (_, index) => Math.sin(index));
  values[5_000] = 9;
  values[5_010] = -9;
  const kept = thin(values, columnOf, shown);
  assert.ok(kept.length <= 4 * WIDTH);
  assert.ok([0, 5_000, 5_010, LENGTH - 1].every((index) => kept.includes(index)));
  assert.deepEqual(
    kept,
    [...kept].sort((a, b) => a - b),
  );
});

test("a gap of a long line stays one, between its neighbours", () => {
  const values: (number | null)[] = Array.from({ length: LENGTH }, () => 1);
  values.fill(null, 100, 110);
  const kept = thin(values, columnOf, shown);
  const at = kept.indexOf(100);
  assert.deepEqual(kept.slice(at - 1, at + 2), [99, 100, 110]);
  assert.equal(kept.filter((index) => values[index] === null).length, 1);
});
