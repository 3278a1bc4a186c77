import assert from "node:assert/strict";
import { test } from "node:test";
import type { Occlusion } from "../api/explain.ts";
import { wordsOf } from "./why.ts";

const PLACE = { row: 0, column: 1, region: "upper" as const };

function explained(most: Occlusion["most_important"]): Occlusion {
  return {
    method: "occlusion",
    label: "7",
    index: 7,
    probability: 0.9,
    patch: 6,
    stride: 2,
    background: [0],
    drops: [],
    most_important: most,
    image: "",
  };
}

test("what matters is a place, with what the answer would be then", () => {
  const other = { label: "1", index: 1, probability: 0.6 };
  const same = { label: "7", index: 7, probability: 0.5 };
  assert.deepEqual(wordsOf(explained({ ...PLACE, probability: 0.3, answer: other })), {
    region: "upper",
    before: 0.9,
    after: 0.3,
    other: "1",
  });
  assert.equal(wordsOf(explained({ ...PLACE, probability: 0.5, answer: same }))?.other, null);
});

test("where hiding changes little, no place matters", () => {
  const same = { label: "7", index: 7, probability: 0.89 };
  assert.equal(wordsOf(explained({ ...PLACE, probability: 0.89, answer: same })), null);
  assert.equal(wordsOf(explained(null)), null);
});
