import type { RunSummary } from "./runs.ts";

export interface Progress {
  phase?: string;
  epoch: number | null;
  epochs: number | null;
  step: number | null;
  steps_per_epoch: number | null;
  steps_per_second: number | null;
  eta_seconds: number | null;
}

/** In bytes. */
export interface MemoryUse {
  used_bytes: number;
  total_bytes: number;
}
export interface Worker {
  name: string;
  hostname: string;
  pid: number;
  /** What it trains on; the memory is that of a GPU. */
  device: {
    kind: "cpu" | "gpu";
    name: string;
    memory: MemoryUse | null;
    bfloat16: boolean | null;
  } | null;
  /** How many of them a training may use. */
  devices: number | null;
  cores: number | null;
  memory: MemoryUse | null;
  trainer_bytes: number | null;
  /** It starts nothing more, and finishes what it has begun, or gives it back. */
  draining: "finish" | "give_back" | null;
}

/** What `GET /events` sends, by the name of the event. */
export interface EventData {
  ready: { resumed: boolean };
  reset: { experiment_id: string | null };
  status: RunSummary;
  progress: { experiment_id: string; progress: Progress };
  epoch: { experiment_id: string; epoch: number; seconds: number; metrics: Record<string, number | null> };
  deleted: { experiment_id: string };
  dataset: {
    name: string;
    status: string;
    progress: { done: number; total: number | null } | null;
    error: unknown;
  };
  evaluation: {
    experiment_id: string;
    dataset: string;
    status: string;
    progress: { done: number; total: number } | null;
  };
  serving: { dataset: string; experiment_id: string | null; policy: string };
  worker: { name: string; state: "joined" | "changed" | "left"; worker: Worker | null };
  sweep: {
    sweep_id: string;
    version: number;
    name: string;
    status: string;
    tried: number;
    planned: number;
    best_trial: number | null;
    best_value: number | null;
  };
  queue: { paused: boolean };
}

export type EventKind = keyof EventData;
/** One event: `event.kind` is the type of `event.data`. */
export type ServiceEvent = { [K in EventKind]: { kind: K; data: EventData[K] } }[EventKind];
