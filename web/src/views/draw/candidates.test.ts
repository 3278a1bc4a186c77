import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../../api/runs.sample.ts";
import { candidates } from "./candidates.ts";

test("the best runs come first, those of datasets with the same classes last", () => {
  const run = (id: string, dataset: string, accuracy: number, status: "succeeded" | "failed" = "succeeded") =>
    runOf({ id, dataset, status, metrics: { val_accuracy: accuracy } });
  const runs = [
    run("low", "mnist", 0.9),
    run("high", "mnist", 0.99),
    run("failed", "mnist", 1, "failed"),
    run("digits", "digits", 0.97),
    run("photos", "cifar10", 0.8),
  ];
  const classes = new Map([
    ["mnist", ["0", "1"]],
    ["digits", ["0", "1"]],
    ["cifar10", ["cat", "dog"]],
  ]);
  const { own, other } = candidates(runs, "mnist", classes);
  assert.deepEqual(
    own.map((each) => each.id),
    ["high", "low"],
  );
  assert.deepEqual(
    other.map((each) => each.id),
    ["digits"],
  );
});
