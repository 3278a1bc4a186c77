import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dimension, drawParallel, fittingDimensions, passes, shadeOf } from "./parallel.ts";

const BOX = { width: 300, height: 120, top: 10, right: 50, bottom: 10, left: 50 };
const RATE: Dimension = { id: "rate", title: "rate", values: [0, 1, null] };
const KIND: Dimension = { id: "kind", title: "kind", values: ["b", "a", "c"] };

test("without an axis there is nothing", () => {
  assert.equal(drawParallel([], 3, BOX), null);
});

test("numbers lie on a scale, words at places of their own", () => {
  const geometry = drawParallel([RATE, KIND], 3, BOX);
  assert.deepEqual(geometry?.axes[0]?.at, [110, 10, null]);
  assert.deepEqual(geometry?.axes[1]?.at, [60, 110, 10]);
  assert.deepEqual(geometry?.paths, ["M50,110L250,60", "M50,10L250,110", "M250,10"]);
});

test("one item and equal numbers are drawn in the middle", () => {
  const geometry = drawParallel([{ ...RATE, values: [5] }], 1, BOX);
  assert.deepEqual(geometry?.axes[0]?.at, [60]);
  assert.equal(shadeOf({ ...RATE, values: [5] }, 0), 1);
});

test("a shade is the place in the range", () => {
  assert.deepEqual(
    [0, 1, 2].map((item) => shadeOf(RATE, item)),
    [0, 1, null],
  );
  assert.equal(shadeOf(undefined, 0), null);
});

test("a brush keeps what crosses its axis inside", () => {
  const axes = drawParallel([RATE, KIND], 3, BOX)?.axes ?? [];
  const brushes = new Map([["rate", { from: 0, to: 50 }]]);
  assert.deepEqual(
    [0, 1, 2].map((item) => passes(axes, brushes, item)),
    [false, true, false],
  );
});

test("a narrow chart has fewer axes, the last among them", () => {
  const many = Array.from({ length: 10 }, (_, index) => ({ ...RATE, id: String(index) }));
  const ids = (width: number) => fittingDimensions(many, width).map((each) => each.id);
  assert.equal(ids(1400).length, 10);
  assert.deepEqual(ids(360), ["0", "1", "2", "9"]);
  assert.deepEqual(ids(50), ["0", "9"]);
});
