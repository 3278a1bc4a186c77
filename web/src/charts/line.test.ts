import assert from "node:assert/strict";
import { test } from "node:test";
import { dashOf, drawLines, placeMarks, positions, readLines, type Series, shiftX } from "./line.ts";

const BOX = { width: 300, height: 200, top: 10, right: 10, bottom: 20, left: 40 };

function series(y: (number | null)[], changes: Partial<Series> = {}): Series {
  return { id: "a", name: "a", x: y.map((_, index) => index), y, color: 0, ...changes };
}

test("no value has no geometry", () => {
  assert.equal(drawLines([], BOX), null);
  assert.equal(drawLines([series([])], BOX), null);
  assert.equal(drawLines([series([null, Number.NaN])], BOX), null);
  assert.equal(drawLines([series([0, -1])], BOX, { log: true }), null);
});

test("one point is a dot in the middle", () => {
  const [line] = drawLines([series([0.5])], BOX)?.lines ?? [];
  assert.deepEqual(line?.dots, [{ x: 165, y: 95 }]);
});

test("gaps split the line, lonely points become dots", () => {
  const [line] = drawLines([series([1, 2, null, 3, Number.NaN, 4, 5])], BOX)?.lines ?? [];
  assert.equal(line?.raw.match(/M/g)?.length, 3);
  assert.equal(line?.dots.length, 1);
  assert.ok(!line?.raw.includes("NaN"));
});

test("the zoom decides the y axis and keeps the line whole", () => {
  const all = drawLines([series([100, 1, 2, 3])], BOX);
  const part = drawLines([series([100, 1, 2, 3])], BOX, { zoom: [1, 3] });
  assert.ok((all?.y.domain[1] ?? 0) > 100);
  assert.ok((part?.y.domain[1] ?? 0) < 4);
  assert.deepEqual(part?.x.domain, [1, 3]);
});

test("a zoom to where nothing is still has axes", () => {
  assert.ok(drawLines([series([1, 2])], BOX, { zoom: [5, 6] })?.y.ticks.length);
});

test("raw values are there beside smoothed ones", () => {
  const [line] = drawLines([series([1, 0, 1, 0])], BOX, { smoothing: 0.6 })?.lines ?? [];
  assert.notEqual(line?.raw, "");
  assert.notEqual(line?.smoothed, "");
  assert.notEqual(line?.raw, line?.smoothed);
});

test("the cursor reads the nearest value of each line that is there", () => {
  const geometry = drawLines([series([1, 2, 3]), series([5, 6, 7, 8, 9, 10, 11], { id: "b" })], BOX);
  assert.ok(geometry);
  const read = (x: number) => readLines(geometry, x).map((each) => [each.series.id, each.x, each.raw]);
  assert.deepEqual(read(1.2), [
    ["a", 1, 2],
    ["b", 1, 6],
  ]);
  assert.deepEqual(read(6), [["b", 6, 11]]);
});

test("the cursor on a gap has no point", () => {
  const geometry = drawLines([series([1, null, 3])], BOX);
  assert.ok(geometry);
  assert.equal(readLines(geometry, 1)[0]?.at, null);
});

test("positions are distinct and in order", () => {
  assert.deepEqual(positions([series([1, 1, 1]), series([1], { x: [7] })]), [0, 1, 2, 7]);
});

test("lines beyond eight differ in their dash", () => {
  assert.equal(dashOf(series([1])), "");
  assert.notEqual(dashOf(series([1], { color: 8 })), "");
  assert.notEqual(dashOf(series([1], { dashed: true })), "");
});

test("marks stand in sight, their texts on the side with more room", () => {
  const geometry = drawLines(shiftX([series([1, 2, 3, 4, 5])], 1), BOX, { zoom: [2, 5] });
  assert.ok(geometry);
  const marks = [0, 2, 4].map((x) => ({ x, label: String(x) }));
  assert.deepEqual(
    placeMarks(geometry, marks, 1).map(({ label, isLate }) => [label, isLate]),
    [
      ["2", false],
      ["4", true],
    ],
  );
});
