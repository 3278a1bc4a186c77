import assert from "node:assert/strict";
import { test } from "node:test";
import { dimensionsOf } from "../../parts/search.ts";
import { commandLine, curlLine } from "./lines.ts";
import { RATE, sweepOf, trialOf } from "./sweep.sample.ts";
import type { Listed } from "./sweep.ts";
import { dimensionOf, sortSweeps, sortTrials, trialColumns } from "./table.ts";

const TRIALS = [trialOf(0, 0.5), trialOf(1, null), trialOf(2, 0.9)];
const TITLES = {
  number: "Trial",
  status: "Status",
  value: "Value",
  epochs: "Epochs",
  seconds: "Duration",
  resume: "Resume",
};

function order(sort: string): number[] {
  return sortTrials(TRIALS, sort, "en").map((trial) => trial.number);
}

test("the newest trial comes first by default", () => {
  assert.deepEqual(order(""), [2, 1, 0]);
});

test("trials are sorted by any column; those without a value come last", () => {
  assert.deepEqual(order("-value"), [2, 0, 1]);
  assert.deepEqual(order("value"), [0, 2, 1]);
  assert.deepEqual(order(`point:${RATE}`), [2, 1, 0]);
});

test("every dimension has a column", () => {
  const columns = trialColumns(dimensionsOf(sweepOf([]).spec.experiment), "val_accuracy", TITLES, true);
  assert.deepEqual(
    columns.map(({ title }) => title),
    ["Trial", "Status", "val_accuracy", "type", "learning_rate", "Epochs", "Duration", "Resume"],
  );
  assert.deepEqual(
    columns
      .map(({ id }) => dimensionOf(id))
      .filter(Boolean)
      .at(-1),
    RATE,
  );
});

test("sweeps are sorted by what they have reached", () => {
  const list = [
    { ...sweepOf([]), name: "none" },
    { ...sweepOf([]), name: "best", best: trialOf(0, 0.9) },
  ] as unknown as Listed[];
  assert.equal(sortSweeps(list, "", "en"), list);
  assert.deepEqual(
    sortSweeps(list, "-best", "en").map(({ name }) => name),
    ["best", "none"],
  );
});

test("a sweep has its lines", () => {
  assert.equal(curlLine("http://h:1", "S"), "curl http://h:1/sweeps/S");
  assert.equal(
    commandLine("http://h:1", { id: "S", status: "running" }),
    "trainyard sweep watch S --url http://h:1",
  );
  assert.match(commandLine("http://h:1", { id: "S", status: "failed" }), /^trainyard sweep show S/);
});
