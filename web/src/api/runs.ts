import type { Progress, ServiceEvent } from "./events.ts";

export const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled", "newer"] as const;
export type Status = (typeof STATUSES)[number];

/** An experiment in a list: `GET /experiments?fields=summary`, and the event `status`. */
export interface RunSummary {
  id: string;
  version: number;
  name: string;
  tags: string[];
  star: boolean;
  owner: string | null;
  private: boolean;
  notes: string | null;
  status: Status;
  dataset: string;
  preset: string | null;
  based_on: string | null;
  group: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  seconds: number | null;
  epochs: number | null;
  epochs_completed: number | null;
  published_epoch: number | null;
  metrics: Record<string, number | null>;
  parameters: number | null;
  sparkline: { metric: string; values: (number | null)[] } | null;
  worker: string | null;
  progress: Progress | null;
  stop_reason: string | null;
  error: { type: string; message: string } | null;
  damaged: string[];
}

export interface RunList {
  items: readonly RunSummary[];
  /** How many match, which may be more than `items`. */
  total: number;
}

export const MAX_RUNS = 10_000;
/** Reading thousands at once would block the browser for a tenth of a second. */
const PER_PAGE = 1_000;

/** An answer of `GET /experiments`. */
export interface RunPage extends RunList {
  next_cursor: string | null;
}

/** Where the next of `limit` runs are found, or a part of them. */
export function runsPath(limit: number, cursor: string | null = null): string {
  const query = new URLSearchParams({ fields: "summary", limit: String(Math.min(limit, PER_PAGE)) });
  if (cursor) query.set("cursor", cursor);
  return `/experiments?${query}`;
}

export function isTerminal(status: Status): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** The list after an event; the same object if the event does not concern it. New experiments come first. */
export function applyToList(list: RunList, event: ServiceEvent): RunList {
  if (event.kind === "status") return put(list, event.data);
  if (event.kind === "deleted") {
    const items = list.items.filter((run) => run.id !== event.data.experiment_id);
    const removed = list.items.length - items.length;
    return removed ? { items, total: list.total - removed } : list;
  }
  if (event.kind === "progress")
    return change(list, event.data.experiment_id, () => ({ progress: event.data.progress }));
  if (event.kind === "epoch")
    return change(list, event.data.experiment_id, (run) =>
      addEpoch(run, event.data.epoch, event.data.metrics),
    );
  return list;
}

function put(list: RunList, run: RunSummary): RunList {
  const at = list.items.findIndex((each) => each.id === run.id);
  const known = list.items[at];
  if (known === undefined) return { items: [run, ...list.items], total: list.total + 1 };
  // A replayed event may be older than what was fetched.
  if (run.version < known.version) return list;
  return { ...list, items: list.items.with(at, run) };
}

function change(list: RunList, id: string, changes: (run: RunSummary) => Partial<RunSummary>): RunList {
  const at = list.items.findIndex((run) => run.id === id);
  const run = list.items[at];
  if (run === undefined) return list;
  return { ...list, items: list.items.with(at, { ...run, ...changes(run) }) };
}

const MAX_POINTS = 32;

/** An epoch counts once, also where a replay sends it again. */
function addEpoch(
  run: RunSummary,
  epoch: number,
  metrics: Record<string, number | null>,
): Partial<RunSummary> {
  const completed = run.epochs_completed ?? 0;
  if (epoch < completed || isTerminal(run.status)) return {};
  const value = run.sparkline ? metrics[run.sparkline.metric] : undefined;
  const changes: Partial<RunSummary> = { epochs_completed: epoch + 1 };
  if (run.sparkline && value !== undefined)
    changes.sparkline = { ...run.sparkline, values: thin([...run.sparkline.values, value]) };
  return changes;
}

/** At most MAX_POINTS values, the last among them: every second one is left out when there are more. */
function thin<T>(values: T[]): T[] {
  if (values.length <= MAX_POINTS) return values;
  return values.filter((_, index) => (values.length - 1 - index) % 2 === 0);
}
