import type { RunSummary } from "./runs.ts";

/** A running experiment, for tests. */
export function runOf(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    id: "a",
    version: 1,
    name: "digits",
    tags: [],
    star: false,
    owner: null,
    private: false,
    notes: null,
    status: "running",
    dataset: "digits",
    preset: null,
    based_on: null,
    group: null,
    created_at: "2026-11-29T06:00:00Z",
    started_at: null,
    ended_at: null,
    seconds: null,
    epochs: 20,
    epochs_completed: 2,
    published_epoch: null,
    metrics: {},
    parameters: null,
    sparkline: { metric: "val_accuracy", values: [0.1, 0.2] },
    worker: null,
    progress: null,
    stop_reason: null,
    error: null,
    damaged: [],
    ...changes,
  };
}
