import assert from "node:assert/strict";
import { test } from "node:test";
import { drawSparkline } from "./sparkline.ts";

test("a sparkline fills its box", () => {
  const { path, end } = drawSparkline([0, 1], 60, 20);
  assert.equal(path, "M2,18L58,2");
  assert.deepEqual(end, { x: 58, y: 2 });
});

test("none, one, equal and missing values are drawn without NaN", () => {
  assert.deepEqual(drawSparkline([], 60, 20), { path: "", end: null });
  assert.deepEqual(drawSparkline([null], 60, 20), { path: "", end: null });
  assert.deepEqual(drawSparkline([0.5], 60, 20).end, { x: 30, y: 10 });
  assert.deepEqual(drawSparkline([1, 1, null], 60, 20).end, { x: 30, y: 10 });
  assert.ok(!drawSparkline([1, Number.NaN, 3], 60, 20).path.includes("NaN"));
});
