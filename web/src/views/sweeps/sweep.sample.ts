import type { Sweep, Trial } from "./sweep.ts";

export const RATE = "training.optimizer.learning_rate";
export const TYPE = "training.optimizer.type";

export function trialOf(number: number, value: number | null, more: Partial<Trial> = {}): Trial {
  return {
    number,
    status: "succeeded",
    point: { [RATE]: 10 ** -number, [TYPE]: number % 2 ? "SGD" : "Adam" },
    value,
    epochs: 3,
    seconds: 2,
    experiment_id: `E${number}`,
    repeat_of: null,
    seed: null,
    progress: null,
    ended_at: "2026-01-01T00:00:00Z",
    reason: null,
    ...more,
  };
}

export function sweepOf(trials: readonly Trial[], more: Partial<Sweep> = {}): Sweep {
  const optimizer = {
    type: { $search: { choice: ["Adam", "SGD"] } },
    learning_rate: { $search: { float: [1e-5, 1], log: true } },
  };
  return {
    id: "S",
    version: 3,
    name: "rates",
    dataset: "digits",
    status: "running",
    method: "tpe",
    metric: "val_accuracy",
    tried: trials.length,
    planned: 20,
    spec: { experiment: { training: { optimizer } } },
    points: null,
    checked: 10,
    infeasible: 0,
    created_at: "2026-01-01T00:00:00Z",
    ended_at: null,
    cancel_requested: false,
    counts: {},
    best: null,
    best_so_far: [],
    repeated: [],
    importance: null,
    share_pruned: 0,
    budget: { trials: 10, minutes: null },
    forecast: null,
    conclusion: null,
    error: null,
    trials: [...trials],
    ...more,
  } as Sweep;
}
