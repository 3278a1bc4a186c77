import assert from "node:assert/strict";
import { test } from "node:test";
import { frameAround, isGray, type Pixels, statisticsOf, valuesIn } from "./pixels.ts";

function gray(width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < width * height; at++) data.set([at, at, at, 255], at * 4);
  return { width, height, data };
}

test("grayscale and color are distinguished", () => {
  const pixels = gray(3, 2);
  assert.equal(isGray(pixels), true);
  pixels.data[4] = 9;
  assert.equal(isGray(pixels), false);
});

test("values are those of the frame", () => {
  const pixels = gray(4, 3);
  assert.deepEqual(valuesIn(pixels, { x: 1, y: 1, width: 2, height: 2 }, "green"), [
    [5, 6],
    [9, 10],
  ]);
  assert.deepEqual(statisticsOf(pixels, "red"), { min: 0, max: 11, mean: 5.5 });
});

test("frame stays inside of the image", () => {
  const pixels = gray(10, 6);
  assert.deepEqual(frameAround(pixels, 0, 0, 4), { x: 0, y: 0, width: 4, height: 4 });
  assert.deepEqual(frameAround(pixels, 9, 9, 4), { x: 6, y: 2, width: 4, height: 4 });
  assert.deepEqual(frameAround(pixels, 5, 3, 28), { x: 0, y: 0, width: 10, height: 6 });
});
