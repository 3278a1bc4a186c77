import type { Progress, ServiceEvent, Worker } from "../../api/events.ts";

export interface Waiting {
  id: string;
  name: string;
  dataset: string;
  priority: number;
  /** The id of the sweep that it is a trial of. */
  sweep: string | null;
  created_at: string;
  /** What keeps it from being started at its turn. */
  waits_because: string | null;
  /** Seconds from when the queue was fetched; null where nobody knows. */
  starts_in_seconds: number | null;
}
export interface Running extends Waiting {
  worker: string | null;
  progress: Progress | null;
}
export interface Activity {
  kind: string;
  dataset: string;
  experiment_id: string | null;
  done: number | null;
}
export interface Machine extends Worker {
  /** Ids of the experiments that it trains. */
  experiments: readonly string[];
  activities: readonly Activity[];
}
/** Who works on what, and what waits. */
export interface Floor {
  /** The first of those that wait, in order. */
  queue: readonly Waiting[];
  /** All that wait. */
  queued: number;
  paused: boolean;
  running: readonly Running[];
  workers: readonly Machine[];
  /** When it was fetched, in milliseconds since 1970. */
  at: number;
}

export function floorOf(
  queue: { items: readonly Waiting[]; queued: number; paused: boolean; running: readonly Running[] },
  workers: readonly Machine[],
  at: number,
): Floor {
  const { items, queued, paused, running } = queue;
  return { queue: items, queued, paused, running, workers, at };
}

/** What an event changes by itself; null where it has to be asked. */
export function applyToFloor(floor: Floor, event: ServiceEvent): Floor | null {
  switch (event.kind) {
    case "progress": {
      const { experiment_id: id, progress } = event.data;
      if (!floor.running.some((each) => each.id === id)) return null;
      return {
        ...floor,
        running: floor.running.map((each) => (each.id === id ? { ...each, progress } : each)),
      };
    }
    case "status": {
      const { id, status } = event.data;
      const now = status === "running" || status === "queued" ? status : "other";
      return placeOf(floor, id) === now ? floor : null;
    }
    case "worker": {
      const { name, state, worker } = event.data;
      if (state !== "changed" || !worker || !floor.workers.some((each) => each.name === name)) return null;
      const workers = floor.workers.map((each) => (each.name === name ? { ...each, ...worker } : each));
      return { ...floor, workers };
    }
    case "dataset": {
      const { name, status, progress } = event.data;
      const at = { kind: "conversion", dataset: name, experiment_id: null };
      return applyActivity(floor, at, status === "converting", progress);
    }
    case "evaluation": {
      const { experiment_id, dataset, status, progress } = event.data;
      return applyActivity(
        floor,
        { kind: "evaluation", dataset, experiment_id },
        status === "running",
        progress,
      );
    }
    case "deleted":
    case "queue":
      return null;
    default:
      return floor;
  }
}

function placeOf(floor: Floor, id: string): "running" | "queued" | "other" {
  if (floor.running.some((each) => each.id === id)) return "running";
  return floor.queue.some((each) => each.id === id) ? "queued" : "other";
}

function applyActivity(
  floor: Floor,
  changed: Omit<Activity, "done">,
  goesOn: boolean,
  progress: { done: number; total: number | null } | null,
): Floor | null {
  const isIt = (each: Activity) =>
    each.kind === changed.kind &&
    each.dataset === changed.dataset &&
    each.experiment_id === changed.experiment_id;
  const isKnown = floor.workers.some((worker) => worker.activities.some(isIt));
  if (isKnown !== goesOn) return null;
  if (!isKnown) return floor;
  const done = progress?.total ? progress.done / progress.total : null;
  const workers = floor.workers.map((worker) => ({
    ...worker,
    activities: worker.activities.map((each) => (isIt(each) ? { ...each, done } : each)),
  }));
  return { ...floor, workers };
}

/** The share of a training that is done, from 0 to 1; null before it is known. */
export function doneShare(progress: Progress | null): number | null {
  if (!progress?.epochs || progress.epoch === null) return null;
  const within =
    progress.step !== null && progress.steps_per_epoch ? progress.step / progress.steps_per_epoch : 0;
  return Math.min(1, (progress.epoch + within) / progress.epochs);
}

/** The ids that have to come first, in this order, so that what waits at `from` waits at `to`. */
export function orderAfterMove(queue: readonly Waiting[], from: number, to: number): string[] {
  const ids = queue.map((each) => each.id);
  const [moved] = ids.splice(from, 1);
  if (moved === undefined) return [];
  ids.splice(to, 0, moved);
  return ids.slice(0, to + 1);
}

/** When one that waits starts; null where nobody knows. */
export function startOf({ starts_in_seconds: seconds }: Waiting, floor: Floor): string | null {
  return seconds === null ? null : new Date(floor.at + 1000 * seconds).toISOString();
}

/** What each worker trains. */
export function runsOf(worker: Machine, floor: Floor): readonly Running[] {
  return floor.running.filter((each) => each.worker === worker.name || worker.experiments.includes(each.id));
}

/** What it does besides training. */
export function othersOf(worker: Machine): readonly Activity[] {
  return worker.activities.filter((each) => each.kind !== "training");
}

/** Whether the disk has changed enough to be measured again: a run or a dataset has ended, or is gone. */
export function changesDisk(event: ServiceEvent): boolean {
  if (event.kind === "status") return !["queued", "running"].includes(event.data.status);
  return (
    event.kind === "deleted" || (event.kind === "dataset" && ["ready", "deleted"].includes(event.data.status))
  );
}

/** Whether webhooks may have been told of it. */
export function isTold(event: ServiceEvent): boolean {
  if (event.kind === "status") return !["queued", "running"].includes(event.data.status);
  return event.kind === "serving";
}
