import assert from "node:assert/strict";
import { test } from "node:test";
import { drawScatter, type Point } from "./scatter.ts";

const BOX = { width: 200, height: 100, top: 0, right: 0, bottom: 0, left: 0 };
const point = (x: Point["x"], y: Point["y"]): Point => ({ id: `${x} ${y}`, name: "", x, y, color: 0 });

test("points without both values are left out", () => {
  assert.equal(drawScatter([], BOX), null);
  assert.equal(drawScatter([point(null, 1), point(1, Number.NaN), point("a", 1)], BOX), null);
});

test("one point lies in the middle", () => {
  const { dots } = drawScatter([point(3, 4)], BOX) ?? { dots: [] };
  assert.deepEqual(
    dots.map(({ x, y }) => [Math.round(x), Math.round(y)]),
    [[100, 50]],
  );
});

test("larger values lie further right and up", () => {
  const { dots } = drawScatter([point(1, 1), point(2, 2)], BOX) ?? { dots: [] };
  const [a, b] = dots;
  assert.ok(a && b && a.x < b.x && a.y > b.y);
});

test("values of several powers of ten are spread evenly", () => {
  const { dots } = drawScatter(
    [0.001, 0.01, 0.1].map((x) => point(x, 1)),
    BOX,
  ) ?? { dots: [] };
  const [a = 0, b = 0, c = 0] = dots.map((dot) => dot.x);
  assert.ok(Math.abs(b - a - (c - b)) < 1e-6);
});

test("words have places of their own, in their order", () => {
  const words = ["b", "a"];
  const { dots, x } = drawScatter([point("a", 1), point("b", 2), point("c", 3)], BOX, { words }) ?? {};
  assert.deepEqual(
    dots?.map((dot) => dot.x),
    [150, 50],
  );
  assert.deepEqual(
    x?.ticks.map(({ text, at }) => [text, at]),
    [
      ["b", 50],
      ["a", 150],
    ],
  );
});

test("an axis is logarithmic as asked for", () => {
  const points = [0.001, 0.1].map((x) => point(x, 1));
  assert.equal(drawScatter(points, BOX, { log: false })?.x.domain[0] === 0.001 / 1.5, false);
  assert.equal(drawScatter([point(0, 1), point(1, 1)], BOX, { log: true })?.x.domain[0], -0.05);
});

test("steps hold until the next, and to the end", () => {
  const steps = [
    { x: 0, y: 1 },
    { x: 5, y: 2 },
  ];
  const points = [point(0, 1), point(5, 2), point(10, 1)];
  assert.match(drawScatter(points, BOX, { steps })?.steps ?? "", /^M[\d.]+,[\d.]+H100V[\d.]+H200$/);
  assert.equal(drawScatter(points, BOX)?.steps, "");
});

test("what lies behind is drawn first, what is marked last", () => {
  const points = [{ ...point(1, 1), marked: true }, point(2, 2), { ...point(3, 3), faint: true }];
  const order = drawScatter(points, BOX)?.dots.map((dot) => dot.point.x);
  assert.deepEqual(order, [3, 2, 1]);
});
