import assert from "node:assert/strict";
import { test } from "node:test";
import type { History } from "../../api/history.ts";
import { dimensionsOf } from "../../parts/search.ts";
import {
  axesOf,
  bestSoFar,
  byImportance,
  curvesOfTrials,
  curveTrials,
  drawnTrials,
  isLog,
  orderPoints,
  shortName,
  slicePoints,
  wordsOf,
} from "./plots.ts";
import { RATE, sweepOf, TYPE, trialOf } from "./sweep.sample.ts";

const SWEEP = sweepOf([
  trialOf(0, 0.5),
  trialOf(1, 0.3, { status: "pruned" }),
  trialOf(2, null, { status: "failed" }),
  trialOf(3, 0.9),
  trialOf(4, 0.8),
  trialOf(5, 0.95, { repeat_of: 3 }),
]);
const DRAWN = drawnTrials(SWEEP);
const DIMENSIONS = dimensionsOf(SWEEP.spec.experiment);

test("trials of the search with a value are drawn", () => {
  assert.deepEqual(
    DRAWN.map((trial) => trial.number),
    [0, 1, 3, 4],
  );
  const points = orderPoints(DRAWN, 3);
  assert.deepEqual(
    points.map(({ x, faint, marked }) => [x, faint, marked]),
    [
      [0, false, false],
      [1, true, false],
      [3, false, true],
      [4, false, false],
    ],
  );
});

test("the best so far rises, by the direction of the metric", () => {
  assert.deepEqual(bestSoFar(DRAWN, "val_accuracy"), [
    { x: 0, y: 0.5 },
    { x: 3, y: 0.9 },
  ]);
  assert.deepEqual(bestSoFar(DRAWN, "val_loss"), [{ x: 0, y: 0.5 }]);
  assert.deepEqual(bestSoFar([], "val_loss"), []);
});

test("dimensions are numbers or words", () => {
  const [type, rate] = DIMENSIONS;
  assert.ok(type && rate);
  assert.deepEqual(wordsOf(type), ["Adam", "SGD"]);
  assert.equal(wordsOf(rate), undefined);
  assert.deepEqual([isLog(type), isLog(rate)], [undefined, true]);
  assert.deepEqual(
    slicePoints(DRAWN, TYPE).map(({ x }) => x),
    ["Adam", "SGD", "SGD", "Adam"],
  );
  const axes = axesOf(DRAWN, DIMENSIONS, "val_accuracy");
  assert.deepEqual(
    axes.map(({ id, title, log }) => [id, title, log]),
    [
      [TYPE, "type", undefined],
      [RATE, "learning_rate", true],
      ["val_accuracy", "val_accuracy", undefined],
    ],
  );
});

test("a name is as long as it has to be", () => {
  const all = ["model.layers.1.units", "model.layers.3.units", "training.batch_size", "seed"];
  const names = all.map((name) => ({ name }));
  assert.deepEqual(
    all.map((name) => shortName(name, names)),
    ["layers.1.units", "layers.3.units", "batch_size", "seed"],
  );
});

test("what matters most comes first", () => {
  const names = (shares: Record<string, number> | null) =>
    byImportance(DIMENSIONS, shares).map(({ name }) => name);
  assert.deepEqual(names({ [RATE]: 0.9, [TYPE]: 0.1 }), [RATE, TYPE]);
  assert.deepEqual(names(null), [TYPE, RATE]);
});

test("curves are those of what runs, of the best, and of the newest others", () => {
  const many = sweepOf([
    ...Array.from({ length: 30 }, (_, number) => trialOf(number, 1 - number / 100)),
    trialOf(30, null, { status: "running", epochs: 0 }),
    trialOf(31, null, { status: "queued", epochs: 0 }),
  ]);
  const numbers = curveTrials(many, 6).map(({ number }) => number);
  assert.deepEqual(numbers, [0, 1, 2, 28, 29, 30]);
});

test("a trial that was stopped early lies behind", () => {
  const history: History = {
    epoch: [0, 1],
    history: { val_accuracy: [0.1, 0.3] },
    seconds: [2, 2],
    published_epoch: null,
  };
  const histories = new Map([
    ["E0", history],
    ["E1", history],
  ]);
  const series = curvesOfTrials(SWEEP.trials, histories, "val_accuracy", true);
  assert.deepEqual(
    series.map(({ id, x, faint }) => [id, x, faint]),
    [
      ["0", [2, 4], false],
      ["1", [2, 4], true],
    ],
  );
});
