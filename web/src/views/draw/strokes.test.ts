import assert from "node:assert/strict";
import { test } from "node:test";
import { boardWidth, extend, fit, nextPen, type Pen, trace } from "./strokes.ts";

function traced(points: { x: number; y: number }[]): string[] {
  const calls: string[] = [];
  const pen: Pen = {
    moveTo: (...at) => calls.push(`M ${at}`),
    lineTo: (...at) => calls.push(`L ${at}`),
    quadraticCurveTo: (...at) => calls.push(`Q ${at}`),
  };
  trace(pen, { width: 20, points });
  return calls;
}

test("a stroke is smooth, a point is a dot, nothing is nothing", () => {
  assert.deepEqual(
    traced([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 10 },
    ]),
    ["M 0,0", "Q 10,0,10,5", "L 10,10"],
  );
  assert.deepEqual(traced([{ x: 3, y: 4 }]), ["M 3,4", "L 3,4"]);
  assert.deepEqual(traced([]), []);
});

test("points that do not move add nothing", () => {
  const stroke = { width: 20, points: [{ x: 5, y: 5 }] };
  assert.equal(extend(stroke, [{ x: 5.5, y: 5 }]), stroke);
  assert.equal(extend(stroke, [{ x: 9, y: 5 }]).points.length, 2);
});

test("pens end at the thinnest and the widest", () => {
  assert.equal(nextPen(20, 1), 28);
  assert.equal(nextPen(8, -1), 8);
  assert.equal(nextPen(38, 1), 38);
});

test("an image fits without being cut, in the middle", () => {
  const board = { width: boardWidth(false), height: 280 };
  assert.deepEqual(fit(560, 280, board), { x: 0, y: 70, width: 280, height: 140 });
  assert.deepEqual(fit(28, 56, board), { x: 70, y: 0, width: 140, height: 280 });
});
