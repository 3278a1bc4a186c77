import assert from "node:assert/strict";
import { test } from "node:test";
import { byNeed, countOf, runsIn, stateOf } from "./progress.ts";

const ANN = { is_stuck: false, runs: { succeeded: 2, queued: 1 } };
const BOB = { is_stuck: false, runs: {} };
const CEM = { is_stuck: true, runs: { failed: 1 } };
const DORA = { is_stuck: false, runs: { queued: 1 } };

test("who has started nothing is not stuck", () => {
  assert.deepEqual([ANN, BOB, CEM, DORA].map(stateOf), ["well", "not_started", "stuck", "well"]);
  assert.equal(runsIn(ANN.runs), 3);
});

test("those who need help come first, then those who have started nothing", () => {
  const students = [ANN, BOB, CEM, DORA];
  assert.deepEqual(byNeed(students), [CEM, BOB, ANN, DORA]);
  assert.equal(countOf("not_started", students), 1);
});
