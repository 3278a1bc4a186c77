import assert from "node:assert/strict";
import { test } from "node:test";
import { draggedRange, placeAfter, valueAt } from "./cursor.ts";
import { axis } from "./frame.ts";

const X = axis([0, 10], [40, 240], 5);

test("arrow keys move over the places and stop at the ends", () => {
  const places = [1, 2, 5];
  assert.equal(placeAfter("ArrowRight", places, null), 1);
  assert.equal(placeAfter("ArrowRight", places, 2), 5);
  assert.equal(placeAfter("ArrowRight", places, 5), 5);
  assert.equal(placeAfter("ArrowLeft", places, 1), 1);
  assert.equal(placeAfter("Home", places, 5), 1);
  assert.equal(placeAfter("End", places, null), 5);
});

test("other keys do not move the cursor, and nothing leads nowhere", () => {
  assert.equal(placeAfter("a", [1, 2], 1), undefined);
  assert.equal(placeAfter("End", [], null), null);
});

test("a drag chooses a range in either direction, a click none", () => {
  assert.deepEqual(draggedRange(X, 8, 2), [2, 8]);
  assert.equal(draggedRange(X, 2, 2.2), null);
});

test("a pixel beside the axis is its nearer end", () => {
  assert.deepEqual(
    [0, 140, 999].map((pixel) => valueAt(X, pixel)),
    [0, 5, 10],
  );
});
