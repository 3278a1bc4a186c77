import assert from "node:assert/strict";
import { test } from "node:test";
import { drawBars } from "./bars.ts";

const BOX = { width: 200, top: 0, right: 0, bottom: 20, left: 100 };

test("bars begin at 0", () => {
  const { bars } = drawBars(
    [
      { label: "a", values: [5] },
      { label: "b", values: [10] },
    ],
    BOX,
  ) ?? { bars: [] };
  assert.deepEqual(
    bars.map(({ x, width }) => [x, width]),
    [
      [100, 50],
      [100, 100],
    ],
  );
});

test("negative bars go to the left", () => {
  const { bars } = drawBars(
    [
      { label: "a", values: [-1] },
      { label: "b", values: [1] },
    ],
    BOX,
  ) ?? { bars: [] };
  assert.deepEqual(
    bars.map(({ x, width }) => [x, width]),
    [
      [100, 50],
      [150, 50],
    ],
  );
});

test("what is missing has no bar but a label", () => {
  const geometry = drawBars(
    [
      { label: "a", values: [null, 1] },
      { label: "b", values: [Number.NaN] },
    ],
    BOX,
  );
  assert.equal(geometry?.bars.length, 1);
  assert.equal(geometry?.groups.length, 2);
  assert.equal(drawBars([], BOX), null);
  assert.equal(drawBars([{ label: "a", values: [null] }], BOX), null);
});

test("only zeros are drawn on an axis", () => {
  assert.equal(drawBars([{ label: "a", values: [0] }], BOX)?.bars[0]?.width, 0);
});
