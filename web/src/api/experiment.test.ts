import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceEvent } from "./events.ts";
import { applyToRecord, type Experiment, secondsOf } from "./experiment.ts";
import { runOf } from "./runs.sample.ts";

const RECORD = {
  id: "a",
  version: 3,
  status: "running",
  epochs_completed: 2,
  last_metrics: {},
  progress: { phase: "training", epoch: 1, epochs: 20, precision: "float32" },
} as unknown as Experiment;

test("events of others leave the record as it is", () => {
  const events: ServiceEvent[] = [
    { kind: "status", data: runOf({ id: "b", version: 9 }) },
    { kind: "epoch", data: { experiment_id: "b", epoch: 5, seconds: 1, metrics: {} } },
    { kind: "deleted", data: { experiment_id: "b" } },
    { kind: "reset", data: { experiment_id: "b" } },
    { kind: "serving", data: { dataset: "digits", experiment_id: "a", policy: "best" } },
  ];
  for (const event of events) assert.equal(applyToRecord(RECORD, event), RECORD);
});

test("a newer status is fetched, an older one ignored", () => {
  assert.equal(applyToRecord(RECORD, { kind: "status", data: runOf({ version: 4 }) }), null);
  assert.equal(applyToRecord(RECORD, { kind: "status", data: runOf({ version: 3 }) }), RECORD);
  assert.equal(applyToRecord(RECORD, { kind: "reset", data: { experiment_id: "a" } }), null);
});

test("progress and epochs are applied, a repeated epoch once", () => {
  const epoch = (number: number): ServiceEvent => ({
    kind: "epoch",
    data: { experiment_id: "a", epoch: number, seconds: 1, metrics: { loss: 0.5 } },
  });
  const later = applyToRecord(RECORD, epoch(4));
  assert.equal(later?.epochs_completed, 5);
  assert.deepEqual(later?.last_metrics, { loss: 0.5 });
  assert.equal(applyToRecord(later as Experiment, epoch(3))?.epochs_completed, 5);
  const progress = {
    phase: "training",
    epoch: 2,
    epochs: 20,
    step: 1,
    steps_per_epoch: 9,
    steps_per_second: 1,
    eta_seconds: 3,
  };
  const moved = applyToRecord(RECORD, { kind: "progress", data: { experiment_id: "a", progress } });
  assert.equal(moved?.progress?.eta_seconds, 3);
  assert.equal(moved?.progress?.precision, "float32");
});

test("the best epoch follows validation accuracy, ties the loss", () => {
  const after = (record: Experiment, epoch: number, val_accuracy: number | null, val_loss: number) => {
    const data = { experiment_id: "a", epoch, seconds: 1, metrics: { val_accuracy, val_loss } };
    return applyToRecord(record, { kind: "epoch", data }) as Experiment;
  };
  const first = after({ ...RECORD, best: null, best_metrics: {} }, 2, 0.5, 1);
  assert.deepEqual(first.best, { epoch: 2, metric: "val_accuracy", value: 0.5 });
  assert.equal(after(first, 3, 0.4, 0.1).best?.epoch, 2);
  assert.equal(after(first, 3, 0.5, 1.5).best?.epoch, 2);
  assert.equal(after(first, 3, 0.5, 0.5).best?.epoch, 3);
  assert.equal(after(first, 3, null, 0.5).best?.epoch, 2);
});

test("a duration is from start to end", () => {
  const started_at = "2026-01-01T00:00:00Z";
  assert.equal(secondsOf({ started_at, ended_at: "2026-01-01T00:01:02.5Z" }), 62.5);
  assert.equal(secondsOf({ started_at, ended_at: null }), null);
  assert.equal(secondsOf({ started_at: null, ended_at: started_at }), null);
});
