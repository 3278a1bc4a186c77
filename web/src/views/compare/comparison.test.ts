import assert from "node:assert/strict";
import { test } from "node:test";
import {
  axisOf,
  bestBy,
  type Compared,
  isIntervalTooNarrow,
  METRICS,
  type Pair,
  rangeOf,
  readIds,
} from "./comparison.ts";

const accuracy = METRICS.find(({ id }) => id === "accuracy") ?? assert.fail();
const parameters = METRICS.find(({ id }) => id === "parameters") ?? assert.fail();
const run = (id: string, changes: Partial<Compared>) => ({ id, ...changes }) as Compared;

test("ids are distinct and keep their order", () => {
  assert.deepEqual(readIds("b, a,,b"), ["b", "a"]);
  assert.deepEqual(readIds(""), []);
});

test("best is the highest accuracy and the fewest parameters", () => {
  const runs = [run("a", { accuracy: 0.9, parameters: 5 }), run("b", { accuracy: 0.8, parameters: null })];
  assert.deepEqual([...bestBy(accuracy, runs)], ["a"]);
  assert.deepEqual([...bestBy(parameters, runs)], []);
  const tied = [...runs, run("c", { accuracy: 0.9, parameters: 7 })];
  assert.deepEqual([...bestBy(accuracy, tied)], ["a", "c"]);
  assert.deepEqual([...bestBy(parameters, tied)], ["a"]);
});

test("five flips of fifty are an interval without zero, and no significant difference", () => {
  const pair = (p: number, ...interval: number[]) => ({ p, difference_interval: interval }) as Pair;
  assert.equal(isIntervalTooNarrow(pair(0.0625, 0.02, 0.18)), true);
  assert.equal(isIntervalTooNarrow(pair(0.0625, -0.18, -0.02)), true);
  assert.equal(isIntervalTooNarrow(pair(0.0625, 0, 0.18)), false);
  assert.equal(isIntervalTooNarrow(pair(0.03, 0.02, 0.18)), false);
});

test("axis has zero in it and room at its ends", () => {
  const place = axisOf([0.1, 0.3]);
  assert.ok(place(0) > 0 && place(0) < place(0.1) && place(0.3) < 100);
  assert.equal(axisOf([-1, 1])(0), 50);
  assert.ok(Number.isFinite(axisOf([0])(0)));
  const near = rangeOf([0.9, 0.95]);
  assert.ok(near(0.9) > 0 && near(0.9) < 10 && near(0.95) > 90);
});
