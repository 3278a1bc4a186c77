import assert from "node:assert/strict";
import { test } from "node:test";
import { drawReliability, judge, meanConfidence } from "./reliability.ts";

const BINS = [
  { from: 0.4, to: 0.6, samples: 10, confidence: 0.5, accuracy: 0.25 },
  { from: 0.8, to: 1, samples: 30, confidence: 0.9, accuracy: 1 },
];

test("bars stand at their confidence, as high as the accuracy", () => {
  const drawn = drawReliability(BINS, 258);
  assert.equal(drawn?.side, 200);
  const [first, last] = drawn?.bars ?? [];
  assert.ok(Math.abs((first?.x ?? 0) - (40 + 80)) < 1e-9);
  assert.equal(first?.y, 8 + 150);
  assert.equal(last?.y, 8);
  assert.equal(last?.samples, 40);
});

test("without bins there is no drawing and no mean", () => {
  assert.equal(drawReliability([], 300), null);
  assert.equal(meanConfidence([]), null);
});

test("the mean confidence counts samples", () => {
  assert.equal(meanConfidence(BINS), 0.8);
});

test("a gap within chance is calibrated", () => {
  assert.equal(judge(0.9, 0.88, 100), "calibrated");
  assert.equal(judge(0.9, 0.88, 10_000), "over");
  assert.equal(judge(0.8, 0.9, 10_000), "under");
  assert.equal(judge(0.999, 0.997, 1_000_000), "calibrated");
});
