import type { RunSummary } from "../../api/runs.ts";
import { sortedBy } from "../../parts/table.ts";
import type { RunColumn } from "./columns.ts";

export const GROUPINGS = ["dataset", "preset", "name", "status", "tags", "based_on", "group"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Mean {
  mean: number;
  /** Of a sample, with n - 1; null for one value. */
  sd: number | null;
  n: number;
}

export interface Group {
  kind: "group";
  key: string;
  /** What it is called; "" for runs without a value. */
  label: string;
  runs: readonly RunSummary[];
  /** By column, for those with numbers. */
  means: Readonly<Record<string, Mean>>;
}

export interface Single {
  kind: "run";
  run: RunSummary;
}

export type RunRow = Group | Single;

const SINGLES = new WeakMap<RunSummary, Single>();

/** The row of a run: the same object for the same summary, so that what has not changed is not drawn again. */
export function singleRow(run: RunSummary): Single {
  let row = SINGLES.get(run);
  if (row === undefined) {
    row = { kind: "run", run };
    SINGLES.set(run, row);
  }
  return row;
}

/** Mean and standard deviation of the finite values; null without any. */
export function meanOf(values: Iterable<unknown>): Mean | null {
  let [n, mean, squares] = [0, 0, 0];
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    n += 1;
    const difference = value - mean;
    mean += difference / n;
    squares += difference * (value - mean);
  }
  if (n === 0) return null;
  return { mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null, n };
}

/** Runs in the order of a column; without one, as they come: the newest first. */
export function sortRuns(
  runs: readonly RunSummary[],
  column: RunColumn | undefined,
  descending: boolean,
  locale: string,
): readonly RunSummary[] {
  return column ? sortedBy(runs, column.value, descending, locale) : runs;
}

/** Rows of groups, each followed by its runs where it is open. Groups come in the order of their first run. */
export function groupRuns(
  runs: readonly RunSummary[],
  by: Grouping,
  columns: readonly RunColumn[],
  isOpen: (key: string) => boolean,
): RunRow[] {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    for (const key of keysOf(run, by)) {
      const members = groups.get(key);
      if (members) members.push(run);
      else groups.set(key, [run]);
    }
  }
  return [...groups].flatMap(([key, members]) => {
    const label = by === "group" && key ? (members[0]?.name ?? key) : key;
    const group: Group = { kind: "group", key, label, runs: members, means: meansOf(members, columns) };
    return [group, ...(isOpen(key) ? members.map(singleRow) : [])];
  });
}

/** The same order for groups: by the mean of a column, where it has one. */
export function sortGroups(rows: RunRow[], column: string, descending: boolean): RunRow[] {
  const blocks: RunRow[][] = [];
  for (const row of rows) {
    if (row.kind === "group") blocks.push([row]);
    else blocks.at(-1)?.push(row);
  }
  const meanAt = (block: RunRow[]) => (block[0]?.kind === "group" ? block[0].means[column]?.mean : undefined);
  if (!blocks.some((block) => meanAt(block) !== undefined)) return rows;
  return sortedBy(blocks, meanAt, descending, "en").flat();
}

function keysOf(run: RunSummary, by: Grouping): string[] {
  if (by === "tags") return run.tags.length ? run.tags : [""];
  return [run[by] ?? ""];
}

function meansOf(runs: readonly RunSummary[], columns: readonly RunColumn[]): Record<string, Mean> {
  const means: Record<string, Mean> = {};
  for (const { id, kind, value } of columns) {
    if (kind !== "metric" && kind !== "duration" && kind !== "integer" && kind !== "compact") continue;
    const mean = meanOf(runs.map(value));
    if (mean) means[id] = mean;
  }
  return means;
}
