import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../../api/runs.sample.ts";
import { reachedBy, scoreOf } from "./reached.ts";

test("the best run of the preset on the dataset counts", () => {
  const run = (changes: object) => runOf({ status: "succeeded", preset: "a", dataset: "mnist", ...changes });
  const runs = [
    run({ metrics: { val_accuracy: 0.9 }, seconds: 1 }),
    run({ metrics: { val_accuracy: 0.99, test_accuracy: 0.95 }, seconds: 2 }),
    run({ metrics: { val_accuracy: 0.999 }, status: "failed" }),
    run({ metrics: { val_accuracy: 0.999 }, preset: null }),
    run({ metrics: { val_accuracy: 0.4 }, dataset: "digits", seconds: 3 }),
    run({ metrics: {}, preset: "b" }),
  ];
  assert.deepEqual(reachedBy(runs, "a", "mnist"), { score: 0.95, seconds: 2 });
  assert.deepEqual(reachedBy(runs, "a", "digits"), { score: 0.4, seconds: 3 });
  assert.equal(reachedBy(runs, "b", "mnist"), undefined);
  assert.equal(scoreOf(run({ metrics: {} })), null);
});
