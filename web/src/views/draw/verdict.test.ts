import assert from "node:assert/strict";
import { test } from "node:test";
import { type Prediction, speak } from "./verdict.ts";

function prediction(verdict: Prediction["verdict"], first: number, marks?: number): Prediction {
  const top = [
    { label: "7", index: 7, probability: first },
    { label: "1", index: 1, probability: 1 - first },
  ];
  const preprocessing = { steps: [], ...(marks !== undefined && { ignored_marks: marks }) };
  return { id: "x", filename: "", top, margin: 2 * first - 1, verdict, preprocessing };
}

test("a verdict names its reason", () => {
  assert.deepEqual(speak(prediction("confident", 0.99)), { kind: "confident" });
  assert.deepEqual(speak(prediction("unsure", 0.99, 2)), { kind: "ignored", marks: 2 });
  const close = speak(prediction("unsure", 0.6));
  assert.deepEqual({ ...close, margin: 0 }, { kind: "close", first: "7", second: "1", margin: 0 });
  assert.deepEqual(speak(prediction("unsure", 0.8)), { kind: "unsure", probability: 0.8 });
  assert.deepEqual(speak(prediction("not_a_digit", 0.8)), { kind: "not_a_digit", label: "7" });
});
