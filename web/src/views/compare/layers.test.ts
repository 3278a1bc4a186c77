import assert from "node:assert/strict";
import { test } from "node:test";
import { layerRows, layerTexts } from "./layers.ts";

const flatten = { type: "Flatten" };
const dense = (units: number) => ({ type: "Dense", units, activation: "relu" });
const conv = { type: "Conv2D", filters: 16, kernel_size: [3, 3] };

function texts(...networks: Record<string, unknown>[][]): (string | null)[][] {
  return layerRows(networks).map(layerTexts);
}

test("equal networks have no rows", () => {
  assert.deepEqual(texts([flatten, dense(10)], [flatten, dense(10)]), []);
  assert.deepEqual(texts([], []), []);
});

test("layer with other arguments shows only those", () => {
  assert.deepEqual(texts([flatten, dense(64), dense(10)], [flatten, dense(256), dense(10)]), [
    ["Dense units=64", "Dense units=256"],
  ]);
});

test("added layer is a row of its own", () => {
  assert.deepEqual(texts([flatten, dense(10)], [conv, flatten, dense(10)]), [
    [null, "Conv2D filters=16 kernel_size=3×3"],
  ]);
  assert.deepEqual(texts([flatten, dense(64), dense(10)], [flatten, dense(10)]), [
    ["Dense units=64 activation=relu", null],
  ]);
});

test("third network is aligned with the first as well", () => {
  assert.deepEqual(
    texts([flatten, dense(10)], [flatten, dense(10)], [flatten, { type: "Dropout", rate: 0.5 }, dense(10)]),
    [[null, null, "Dropout rate=0.5"]],
  );
});
