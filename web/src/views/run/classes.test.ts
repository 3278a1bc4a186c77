import assert from "node:assert/strict";
import { test } from "node:test";
import { confusedPairs, sortClasses } from "./classes.ts";

const ROWS = [
  { label: "10", precision: 0.5, recall: null, f1: 0.4, support: 0 },
  { label: "9", precision: null, recall: 0.9, f1: 0.8, support: 7 },
  { label: "1", precision: 0.9, recall: 0.2, f1: 0.3, support: 9 },
];
const labels = (sort: string) => sortClasses(ROWS, sort, "en").map((row) => row.label);

test("classes are sorted by number, missing values last", () => {
  assert.deepEqual(labels("label"), ["1", "9", "10"]);
  assert.deepEqual(labels("-precision"), ["1", "10", "9"]);
  assert.deepEqual(labels("precision"), ["10", "1", "9"]);
  assert.deepEqual(labels("-support"), ["1", "9", "10"]);
});

test("without a column the order is that of the network", () => {
  assert.deepEqual(labels(""), ["10", "9", "1"]);
  assert.deepEqual(labels("nonsense"), ["10", "9", "1"]);
});

test("the most confused pairs leave out the diagonal", () => {
  const pairs = confusedPairs(
    [
      [5, 2, 0],
      [0, 9, 1],
      [2, 0, 2],
    ],
    ["a", "b", "c"],
    2,
  );
  assert.deepEqual(pairs, [
    { truth: "c", predicted: "a", count: 2, share: 0.5 },
    { truth: "a", predicted: "b", count: 2, share: 2 / 7 },
  ]);
  assert.deepEqual(confusedPairs([], [], 3), []);
});
