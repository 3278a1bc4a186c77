import assert from "node:assert/strict";
import { test } from "node:test";
import { type Mistake, mergeSuspects, otherOf } from "./suspects.ts";

function mistake(index: number, label: string, probability: number): Mistake {
  return {
    index,
    true: { label: "3", index: 3 },
    top: [
      { label, index: 0, probability },
      { label: "3", index: 3, probability: 1 - probability },
    ],
  } as unknown as Mistake;
}

test("suspects of several splits are one list, the surest first", () => {
  const merged = mergeSuspects({ validation: [mistake(1, "8", 0.7)], training: [mistake(1, "5", 0.9)] }, 5);
  assert.deepEqual(
    merged.map(({ key, split }) => [key, split]),
    [
      ["training 1", "training"],
      ["validation 1", "validation"],
    ],
  );
  const many = { training: [], validation: [mistake(1, "8", 0.7), mistake(2, "8", 0.6)] };
  assert.equal(mergeSuspects(many, 1).length, 1);
});

test("another class is named, not that of the label", () => {
  assert.equal(otherOf(mistake(0, "8", 0.7)), "8");
  assert.equal(otherOf({ ...mistake(0, "8", 0.7), top: [] }), "");
});
