import assert from "node:assert/strict";
import { test } from "node:test";
import { smooth } from "./smoothing.ts";

test("a constant stays what it is from the first value on", () => {
  for (const value of smooth([2, 2, 2, 2], 0.9)) assert.ok(Math.abs((value ?? 0) - 2) < 1e-12);
});

test("gaps stay gaps and do not bend what follows", () => {
  assert.deepEqual(smooth([1, null, 1], 0.5), [1, null, 1]);
  assert.ok(Number.isNaN(smooth([1, Number.NaN, 1], 0.5)[1]));
  assert.equal(smooth([1, Number.NaN, 1], 0.5)[2], 1);
});

test("without a weight values are as they are", () => {
  assert.deepEqual(smooth([3, null, 1], 0), [3, null, 1]);
  assert.deepEqual(smooth([], 0.5), []);
});

test("the second value is the weighted mean", () => {
  // (0.25 * 1 + 0.5 * 3) / 0.75
  assert.ok(Math.abs((smooth([1, 3], 0.5)[1] ?? 0) - 7 / 3) < 1e-12);
});
