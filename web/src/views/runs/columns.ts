import type { RunSummary } from "../../api/runs.ts";
import type { IconName } from "../../parts/icons.ts";
import { type Column, clampWidth } from "../../parts/table.ts";

type Value = string | number | boolean | null | undefined;

export type Kind =
  | "select"
  | "star"
  | "name"
  | "status"
  | "sparkline"
  | "text"
  | "link"
  | "tags"
  | "time"
  | "duration"
  | "integer"
  | "compact"
  | "metric";

export interface RunColumn extends Column {
  kind: Kind;
  /** What it is sorted by. */
  value: (run: RunSummary) => Value;
}

interface Known {
  width: number;
  kind: Kind;
  icon?: IconName;
  pinned?: boolean;
  value: (run: RunSummary) => Value;
}

const NUMERIC: readonly Kind[] = ["time", "duration", "integer", "compact", "metric", "star"];

/** All columns but those of metrics, in their order in the menu. */
export const KNOWN = {
  star: { width: 34, kind: "star", icon: "star", pinned: true, value: (run) => Number(run.star) },
  name: { width: 250, kind: "name", pinned: true, value: (run) => run.name },
  status: { width: 118, kind: "status", value: (run) => run.status },
  sparkline: { width: 138, kind: "sparkline", value: (run) => run.sparkline?.values.at(-1) },
  dataset: { width: 110, kind: "text", value: (run) => run.dataset },
  preset: { width: 130, kind: "text", value: (run) => run.preset },
  tags: { width: 140, kind: "tags", value: (run) => run.tags.join(" ") },
  notes: { width: 240, kind: "text", value: (run) => run.notes },
  created_at: { width: 96, kind: "time", value: (run) => run.created_at },
  ended_at: { width: 96, kind: "time", value: (run) => run.ended_at },
  seconds: { width: 86, kind: "duration", value: (run) => run.seconds },
  epochs_completed: { width: 88, kind: "integer", value: (run) => run.epochs_completed },
  parameters: { width: 100, kind: "compact", value: (run) => run.parameters },
  published_epoch: { width: 96, kind: "integer", value: (run) => run.published_epoch },
  worker: { width: 140, kind: "text", value: (run) => run.worker },
  based_on: { width: 120, kind: "link", value: (run) => run.based_on },
  group: { width: 120, kind: "text", value: (run) => run.group },
  id: { width: 220, kind: "text", value: (run) => run.id },
} satisfies Record<string, Known>;

export type KnownId = keyof typeof KNOWN;

export const DEFAULTS = [
  "star",
  "name",
  "status",
  "sparkline",
  "val_accuracy",
  "test_accuracy",
  "val_loss",
  "dataset",
  "tags",
  "epochs_completed",
  "parameters",
  "seconds",
  "created_at",
];

export function isKnown(id: string): id is KnownId {
  return Object.hasOwn(KNOWN, id);
}

/** Names of all metrics that any run has, the most common first. */
export function metricNames(runs: readonly RunSummary[]): string[] {
  const counts = new Map<string, number>();
  for (const run of runs)
    for (const name of Object.keys(run.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([name]) => name);
}

/** Columns as the hash has them, `name:240,status`: the order is theirs, a width is optional. "" is the defaults. */
export function readColumns(text: string): { id: string; width: number | null }[] {
  const parts = text ? text.split(",") : DEFAULTS;
  return parts.filter(Boolean).map((part) => {
    const [id = "", width = ""] = part.split(":");
    return { id, width: /^\d+$/.test(width) ? clampWidth(Number(width)) : null };
  });
}

export function writeColumns(columns: readonly { id: string; width: number | null }[]): string {
  const text = columns.map(({ id, width }) => (width === null ? id : `${id}:${width}`)).join(",");
  return text === DEFAULTS.join(",") ? "" : text;
}

/** Room for mean and deviation. */
const GROUPED_WIDTH = 136;

/**
 * The column with an id: one that is known, else the metric of that name. Numbers of groups, which have a deviation, are
 * wider.
 */
export function columnOf(id: string, width: number | null, title: string, grouped = false): RunColumn {
  const known: Known = isKnown(id)
    ? KNOWN[id]
    : { width: 122, kind: "metric", value: (run) => run.metrics[id] };
  const { width: usual, ...rest } = known;
  const numeric = NUMERIC.includes(known.kind);
  const averaged = numeric && known.kind !== "star" && known.kind !== "time";
  return {
    id,
    title,
    ...rest,
    numeric,
    width: width ?? (grouped && averaged ? Math.max(usual, GROUPED_WIDTH) : usual),
  };
}

/** Columns in their order, of which only the first ones stay pinned. */
export function pinFirst(columns: readonly RunColumn[]): RunColumn[] {
  const end = columns.findIndex((column) => !column.pinned);
  return columns.map((column, index) => (end >= 0 && index > end ? { ...column, pinned: false } : column));
}
