import assert from "node:assert/strict";
import { test } from "node:test";
import type { History } from "../../api/history.ts";
import { brokenEpochs, curvesOf, placeOf } from "./curves.ts";

const NAMES = { training: "training", validation: "validation" };

function history(metrics: History["history"], changes: Partial<History> = {}): History {
  const epochs = Math.max(...Object.values(metrics).map((values) => values.length));
  const epoch = [...Array(epochs).keys()];
  return { epoch, history: metrics, seconds: epoch.map(() => 1), published_epoch: null, ...changes };
}

test("training and validation share a chart, loss comes first", () => {
  const known = history({ accuracy: [0.5, 0.6], val_loss: [1, 2], loss: [3, 2], val_accuracy: [0.4, 0.5] });
  const curves = curvesOf(known, false, NAMES);
  assert.deepEqual(
    curves.map((curve) => [curve.name, curve.series.map((series) => series.id)]),
    [
      ["loss", ["loss", "val_loss"]],
      ["accuracy", ["accuracy", "val_accuracy"]],
    ],
  );
});

test("a learning rate is shown if it changes", () => {
  const names = (rates: number[]) =>
    curvesOf(history({ loss: [1, 1], learning_rate: rates }), false, NAMES).map((curve) => curve.name);
  assert.deepEqual(names([0.1, 0.1]), ["loss", "accuracy"]);
  assert.deepEqual(names([0.1, 0.05]), ["loss", "accuracy", "learning_rate"]);
});

test("without validation the training line is the solid one", () => {
  const [loss] = curvesOf(history({ loss: [1] }), false, NAMES);
  assert.deepEqual(
    loss?.series.map((series) => [series.color, series.dashed]),
    [[0, false]],
  );
});

test("seconds of training are on x", () => {
  const timed = history({ loss: [1, 2, 3] }, { seconds: [2, 1, 1.5] });
  assert.deepEqual(curvesOf(timed, true, NAMES)[0]?.series[0]?.x, [2, 3, 4.5]);
  assert.deepEqual(curvesOf(timed, false, NAMES)[0]?.series[0]?.x, [0, 1, 2]);
  assert.equal(placeOf(timed, 1, true), 3);
  assert.equal(placeOf(timed, 1, false), 1);
  for (const epoch of [null, undefined, 7]) assert.equal(placeOf(timed, epoch, false), null);
});

test("epochs without a finite loss are counted once", () => {
  assert.equal(
    brokenEpochs(history({ loss: [1, null, null], val_loss: [null, null, 1], accuracy: [null] })),
    3,
  );
  assert.equal(brokenEpochs(history({ loss: [] })), 0);
});
