import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventData, ServiceEvent } from "../../api/events.ts";
import type { RunSummary } from "../../api/runs.ts";
import { sweepOf, trialOf } from "./sweep.sample.ts";
import {
  applyToSweep,
  applyToSweeps,
  countsOf,
  isResumable,
  type Listed,
  lookOf,
  type Sweep,
  winnerOf,
} from "./sweep.ts";

function changed(more: Partial<EventData["sweep"]> = {}): ServiceEvent {
  return {
    kind: "sweep",
    data: {
      sweep_id: "S",
      version: 4,
      name: "rates",
      status: "running",
      tried: 2,
      planned: 20,
      best_trial: 1,
      best_value: 0.9,
      ...more,
    },
  };
}
const LIVE = sweepOf([trialOf(0, 0.5), trialOf(1, null, { status: "queued", epochs: 0, ended_at: null })]);

function trialAfter(event: ServiceEvent, sweep: Sweep = LIVE) {
  return applyToSweep(sweep, event)?.trials[1];
}

test("a newer sweep is fetched again, an older one is not", () => {
  assert.equal(applyToSweep(LIVE, changed()), null);
  assert.equal(applyToSweep(LIVE, changed({ version: 3 })), LIVE);
  assert.equal(applyToSweep(LIVE, changed({ sweep_id: "other" })), LIVE);
});

test("a trial is shown as it trains", () => {
  const running = { id: "E1", status: "running", metrics: {}, epochs_completed: 0 } as unknown as RunSummary;
  assert.equal(trialAfter({ kind: "status", data: running })?.status, "running");
  const progress = { experiment_id: "E1", progress: { epoch: 1 } as EventData["progress"]["progress"] };
  assert.equal(trialAfter({ kind: "progress", data: progress })?.status, "running");
  const trained = sweepOf([trialOf(1, null, { status: "running" })]);
  assert.equal(applyToSweep(trained, { kind: "progress", data: progress }), trained);
  const epoch = { experiment_id: "E1", epoch: 0, seconds: 1, metrics: { val_accuracy: 0.7 } };
  const after = trialAfter({ kind: "epoch", data: epoch });
  assert.deepEqual([after?.epochs, after?.value], [1, 0.7]);
});

test("the value so far never falls, and is not guessed for a loss", () => {
  const best = sweepOf([trialOf(0, 0.5), trialOf(1, 0.8, { status: "running" })]);
  const metrics = { val_accuracy: 0.7, val_loss: 1 };
  const epoch: ServiceEvent = { kind: "epoch", data: { experiment_id: "E1", epoch: 4, seconds: 1, metrics } };
  assert.equal(trialAfter(epoch, best)?.value, 0.8);
  assert.equal(trialAfter(epoch, { ...best, metric: "val_loss" })?.value, 0.8);
});

test("trials that have ended, and other runs, change nothing", () => {
  for (const id of ["E0", "other"]) {
    const data = { experiment_id: id, epoch: 5, seconds: 1, metrics: { val_accuracy: 1 } };
    assert.equal(applyToSweep(LIVE, { kind: "epoch", data }), LIVE);
  }
  // Only the sweep says why one has ended.
  const cancelled = {
    id: "E1",
    status: "cancelled",
    metrics: {},
    epochs_completed: 1,
  } as unknown as RunSummary;
  assert.equal(trialAfter({ kind: "status", data: cancelled })?.status, "queued");
});

test("a list is changed by what the event says, and fetched again for the rest", () => {
  const listed = { ...LIVE, best: trialOf(0, 0.5) } as unknown as Listed;
  const [after] = applyToSweeps([listed], changed()) ?? [];
  assert.deepEqual([after?.tried, after?.best?.number, after?.best?.value], [2, 1, 0.9]);
  assert.equal(applyToSweeps([listed], changed({ status: "succeeded" })), null);
  assert.equal(applyToSweeps([{ ...listed, best: null }], changed()), null);
  assert.equal(applyToSweeps([], changed()), null);
  const known = [listed];
  assert.equal(applyToSweeps(known, changed({ version: 3 })), known);
});

test("repeats decide which run is used", () => {
  const best = trialOf(0, 0.5);
  assert.equal(winnerOf(sweepOf([], { best })), "E0");
  const repeated = [{ number: 1, n: 3, mean: 0.9, sd: 0, low: 0.9, high: 0.9, experiment_id: "E7" }];
  assert.equal(winnerOf(sweepOf([], { best, repeated })), "E7");
  assert.equal(winnerOf(sweepOf([])), null);
});

test("a trial that was stopped can be resumed while its sweep may go on", () => {
  const pruned = trialOf(0, 0.5, { status: "pruned" });
  assert.equal(isResumable(sweepOf([pruned]), pruned), true);
  assert.equal(isResumable(sweepOf([pruned], { status: "succeeded" }), pruned), true);
  assert.equal(isResumable(sweepOf([pruned], { status: "cancelled" }), pruned), false);
  assert.equal(isResumable(sweepOf([]), trialOf(0, 0.5)), false);
  assert.equal(isResumable(sweepOf([]), trialOf(0, null, { status: "failed", experiment_id: null })), false);
});

test("trials are counted by status", () => {
  assert.deepEqual(countsOf(LIVE), [
    ["queued", 1],
    ["succeeded", 1],
  ]);
  assert.deepEqual(["paused", "pruned", "failed"].map(lookOf), ["queued", "cancelled", "failed"]);
});
