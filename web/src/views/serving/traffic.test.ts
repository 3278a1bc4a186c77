import assert from "node:assert/strict";
import { test } from "node:test";
import { classShares, verdictShares } from "./traffic.ts";

test("verdicts that were given have shares", () => {
  const verdicts = { confident: 6, unsure: 2, several_digits: 0, not_a_digit: 0 };
  assert.deepEqual(verdictShares(verdicts), [
    { verdict: "confident", share: 0.75 },
    { verdict: "unsure", share: 0.25 },
  ]);
  assert.deepEqual(verdictShares({ ...verdicts, confident: 0, unsure: 0 }), []);
});

test("classes are shares of what was predicted now and in validation", () => {
  const predicted = [
    { label: "a", count: 3, validation_count: 10 },
    { label: "b", count: 1, validation_count: 10 },
  ];
  assert.deepEqual(classShares(predicted), [
    { label: "a", values: [0.75, 0.5] },
    { label: "b", values: [0.25, 0.5] },
  ]);
  const unknown = predicted.map((each) => ({ ...each, count: 0, validation_count: null }));
  assert.deepEqual(classShares(unknown)[0]?.values, [null, null]);
});

test("of many classes those that differ most are shown", () => {
  const predicted = Array.from({ length: 30 }, (_, index) => ({
    label: String(index),
    count: index === 29 ? 40 : 1,
    validation_count: 1,
  }));
  const shown = classShares(predicted);
  assert.equal(shown.length, 10);
  assert.equal(shown[0]?.label, "29");
});
