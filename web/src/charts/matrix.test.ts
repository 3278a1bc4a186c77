import assert from "node:assert/strict";
import { test } from "node:test";
import { drawDifference, drawMatrix, neighbour, shadePercent } from "./matrix.ts";

const MATRIX = [
  [8, 2],
  [0, 0],
];

test("empty cells are not drawn, shares are of the true class", () => {
  const geometry = drawMatrix(MATRIX, ["a", "b"], 200);
  assert.deepEqual(
    geometry?.cells.map(({ row, column, share }) => [row, column, share]),
    [
      [0, 0, 0.8],
      [0, 1, 0.2],
    ],
  );
});

test("no class has no geometry, many classes have small cells and few labels", () => {
  assert.equal(drawMatrix([], [], 300), null);
  const labels = Array.from({ length: 100 }, (_, index) => `class ${index}`);
  const geometry = drawMatrix(
    labels.map(() => labels.map(() => 1)),
    labels,
    500,
  );
  assert.equal(geometry?.cell, 4);
  assert.equal(geometry?.rows.length, 25);
  assert.equal(geometry?.hasText, false);
});

test("long names are cut, slanted, and keep their whole text", () => {
  const full = "배추흰나비 (암컷과 수컷)";
  const geometry = drawMatrix(MATRIX, [full, "b"], 300);
  assert.equal(geometry?.isSlanted, true);
  assert.equal(geometry?.rows[0]?.full, full);
  assert.match(geometry?.rows[0]?.text ?? "", /…$/);
  assert.equal(geometry?.columns[1]?.text, "b");
});

test("a difference has a sign", () => {
  const cells =
    drawDifference(
      MATRIX,
      [
        [10, 0],
        [0, 0],
      ],
      ["a", "b"],
      200,
    )?.cells ?? [];
  assert.deepEqual(
    cells.map(({ count, share }) => [count, Math.round(share * 10)]),
    [
      [2, 2],
      [-2, -2],
    ],
  );
});

test("even a small share is not white", () => {
  assert.equal(shadePercent(0), 0);
  assert.ok(shadePercent(0.0001) >= 8);
  assert.equal(shadePercent(1), 100);
});

test("arrow keys stay inside", () => {
  assert.deepEqual(neighbour(0, 0, "ArrowUp", 3), [0, 0]);
  assert.deepEqual(neighbour(0, 0, "ArrowRight", 3), [0, 1]);
  assert.equal(neighbour(0, 0, "x", 3), null);
});
