import assert from "node:assert/strict";
import { test } from "node:test";
import machines from "./ko/machines.ts";
import run from "./ko/run.ts";

const REASON = "the queue is paused";

test("why a run waits, in English, is quoted in Korean", () => {
  assert.equal(machines.because(REASON), `대기 이유: “${REASON}”`);
  assert.ok(run.queuedBecause(REASON).endsWith(`“${REASON}”`));
});
