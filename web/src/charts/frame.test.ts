import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, extent, padded, spansPowers } from "./frame.ts";

test("the extent ignores what is no number", () => {
  assert.deepEqual(extent([3, null, Number.NaN, 1, undefined, Number.POSITIVE_INFINITY]), [1, 3]);
  assert.equal(extent([null, Number.NaN]), null);
});

test("one value gets a range around it", () => {
  assert.deepEqual(padded([0, 0]), [-1, 1]);
  assert.deepEqual(padded([10, 10]), [9, 11]);
});

test("learning rates are logarithmic, shares are not", () => {
  assert.equal(spansPowers([1e-5, 0.1]), true);
  assert.equal(spansPowers([0.1, 0.9]), false);
  assert.equal(spansPowers([0, 1000]), false);
});

test("ticks lie inside the pixels and keep whole numbers whole", () => {
  const x = axis([0, 3], [40, 240], 10, { integers: true });
  assert.deepEqual(
    x.ticks.map((tick) => [tick.text, Math.round(tick.at)]),
    [
      ["0", 40],
      ["1", 107],
      ["2", 173],
      ["3", 240],
    ],
  );
});

test("a logarithmic axis needs a positive domain", () => {
  assert.equal(axis([0.01, 1], [0, 100], 5, { log: true }).scale(0.1), 50);
  assert.equal(axis([0, 1], [0, 100], 5, { log: true }).scale(0.5), 50);
});
