import assert from "node:assert/strict";
import { test } from "node:test";
import type { Occlusion } from "../api/explain.ts";
import { type Words, wordsOf } from "./why.ts";

const PLACE = { row: 0, column: 1, region: "upper" as const };

type Most = Occlusion["most_important"];

/** Of the class 4, with the answer when the place is hidden. */
function whyNot(label: string): Words | null {
  const answer = { label, index: Number(label), probability: 0.6 };
  const most = { ...PLACE, probability: 0.01, answer };
  return wordsOf({ ...explained(most), label: "4", index: 4, probability: 0.05 }, "7");
}

function explained(most: Most): Occlusion {
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
  assert.deepEqual(wordsOf(explained({ ...PLACE, probability: 0.3, answer: other }), "7"), {
    region: "upper",
    before: 0.9,
    after: 0.3,
    other: "1",
  });
  assert.equal(wordsOf(explained({ ...PLACE, probability: 0.5, answer: same }), "7")?.other, null);
});

test("why not a class: the answer is another than it was, or is left out", () => {
  assert.equal(whyNot("7")?.other, null);
  assert.equal(whyNot("1")?.other, "1");
  assert.equal(whyNot("4")?.other, "4");
});

test("where hiding changes little, no place matters", () => {
  const same = { label: "7", index: 7, probability: 0.89 };
  assert.equal(wordsOf(explained({ ...PLACE, probability: 0.89, answer: same }), "7"), null);
  assert.equal(wordsOf(explained(null), "7"), null);
});
