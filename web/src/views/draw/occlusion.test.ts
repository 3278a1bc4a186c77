import assert from "node:assert/strict";
import { test } from "node:test";
import { background, columnOf, coverAll, encodeTensor, heatMap, planPatches } from "./occlusion.ts";

test("patches cover the image, in a request of limited size", () => {
  const small = planPatches({ height: 8, width: 8, channels: 1 });
  assert.deepEqual(small, { patch: 3, stride: 1, columns: 8, rows: 8 });
  const mnist = planPatches({ height: 28, width: 28, channels: 1 });
  assert.deepEqual(mnist, { patch: 6, stride: 2, columns: 14, rows: 14 });
  const large = planPatches({ height: 512, width: 512, channels: 3 });
  assert.ok((large.columns * large.rows + 1) * 512 * 512 * 3 <= 6_000_000);
  assert.ok(large.columns * large.stride >= 512);
});

test("each copy is covered at one place with the background", () => {
  const shape = { height: 2, width: 2, channels: 1 };
  const all = coverAll(new Uint8Array([7, 0, 0, 0]), shape, { patch: 1, stride: 1, columns: 2, rows: 2 });
  assert.deepEqual([...all.slice(0, 12)], [7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0]);
});

test("the background is the median of the edge, channel by channel", () => {
  const pixels = new Uint8Array(3 * 3 * 2).map((_, at) => (at % 2 ? 200 : 10));
  pixels[0] = 255;
  assert.deepEqual(background(pixels, { height: 3, width: 3, channels: 2 }), [10, 200]);
});

test("what lowers the probability when it is covered is positive", () => {
  const plan = { patch: 1, stride: 1, columns: 3, rows: 1 };
  const map = heatMap([0.9, 0.1, 0.9, 0.95], plan);
  assert.equal(map.values[0], 1);
  assert.equal(map.values[1], 0);
  assert.ok((map.values[2] ?? 0) < 0);
  assert.deepEqual([map.probability, map.lowest], [0.9, 0.1]);
  assert.deepEqual(heatMap([1, 1, 1, 1], plan).values, [0, 0, 0]);
});

test("a tensor is its JSON and then its bytes", () => {
  const { header, body } = encodeTensor(new Uint8Array([1, 2, 3, 4]), 1, {
    height: 2,
    width: 2,
    channels: 1,
  });
  const json = JSON.parse(new TextDecoder().decode(body.subarray(0, header)));
  assert.deepEqual(json.inputs[0].shape, [1, 2, 2, 1]);
  assert.deepEqual([...body.subarray(header)], [1, 2, 3, 4]);
  assert.deepEqual(columnOf([0.1, 0.9, 0.3, 0.7], 2, 1), [0.9, 0.7]);
});
