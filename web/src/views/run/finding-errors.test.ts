import assert from "node:assert/strict";
import { test } from "node:test";
import { errorsOf } from "./finding-errors.ts";

test("confused classes lead to their errors, either way", () => {
  const evidence = { split: "test", misclassified: 30, pairs: [{ labels: ["4", "9"], misclassified: 9 }] };
  assert.deepEqual(errorsOf({ rule: "confused-pairs", evidence }), [
    { split: "test", truth: "4", predicted: "9" },
    { split: "test", truth: "9", predicted: "4" },
  ]);
});

test("a weak class leads to all of its errors", () => {
  const evidence = { split: "validation", classes: [{ label: "oak", recognized: 1, samples: 25 }] };
  assert.deepEqual(errorsOf({ rule: "weak-classes", evidence }), [
    { split: "validation", truth: "oak", predicted: null },
  ]);
});

test("other findings are not about single errors", () => {
  assert.deepEqual(errorsOf({ rule: "healthy", evidence: { epochs: 9 } }), []);
});
