import assert from "node:assert/strict";
import { test } from "node:test";
import { layerRows, shapeText } from "./network.ts";

const LAYERS = [
  { name: "conv2d", type: "Conv2D", output_shape: [26, 26, 8], parameters: 80 },
  { name: "pool", type: "MaxPooling2D", output_shape: [13, 13, 8], parameters: 0 },
  { name: "flatten", type: "Flatten", output_shape: [1352], parameters: 0 },
  { name: "dense", type: "Dense", output_shape: [10], parameters: 13530 },
];

test("a convolution applies its weights at every position", () => {
  const rows = layerRows(LAYERS);
  assert.deepEqual(
    rows.map((row) => row.cost),
    [80 * 26 * 26, 0, 0, 13530],
  );
  assert.ok(Math.abs(rows.reduce((sum, row) => sum + row.costShare, 0) - 1) < 1e-9);
  assert.ok((rows[0]?.costShare ?? 0) > 0.79 && (rows[0]?.parameterShare ?? 1) < 0.01);
});

test("blocks shrink with the image and fit their place", () => {
  const [conv, pool, , dense] = layerRows(LAYERS).map((row) => row.block);
  assert.ok((conv?.side ?? 0) > (pool?.side ?? 99));
  for (const block of [conv, pool, dense]) assert.ok(block && block.side <= 26 && block.depth <= 44);
});

test("a network without parameters has no shares", () => {
  assert.deepEqual(layerRows([]), []);
  const [row] = layerRows([{ name: "a", type: "Flatten", output_shape: [4], parameters: 0 }]);
  assert.equal(row?.parameterShare, 0);
  assert.equal(row?.costShare, 0);
});

test("shapes are written with times signs", () => {
  assert.equal(shapeText([26, 26, 8]), "26 × 26 × 8");
  assert.equal(shapeText([]), "1");
});
