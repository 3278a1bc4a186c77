import assert from "node:assert/strict";
import { test } from "node:test";
import type { History } from "../api/history.ts";
import { runOf } from "../api/runs.sample.ts";
import { curveNames, curvesOf } from "./curves.ts";

const RUNS = [runOf({ id: "a" }), runOf({ id: "b" }), runOf({ id: "c" })];
const HISTORIES = new Map<string, History>([
  [
    "a",
    {
      epoch: [0, 1],
      history: { loss: [2, 1], val_loss: [2, 2], extra: [null, null] },
      seconds: [3, 4],
      published_epoch: null,
    },
  ],
  ["c", { epoch: [0], history: { loss: [5] }, seconds: [6], published_epoch: null }],
]);

test("there is a chart for each metric that has a value", () => {
  assert.deepEqual(curveNames(HISTORIES), ["val_loss", "loss"]);
  assert.deepEqual(curveNames(new Map()), []);
});

test("a run keeps the colour of its place", () => {
  const curves = curvesOf("loss", RUNS, HISTORIES, false);
  assert.deepEqual(
    curves.map((each) => [each.id, each.color, each.y.length]),
    [
      ["a", 0, 2],
      ["c", 2, 1],
    ],
  );
});

test("seconds of training are on x", () => {
  assert.deepEqual(
    curvesOf("loss", RUNS, HISTORIES, true).map((each) => [each.id, each.x]),
    [
      ["a", [3, 7]],
      ["c", [6]],
    ],
  );
});
