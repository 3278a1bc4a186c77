import { plotted, type SearchDimension } from "../../parts/search.ts";
import { type Column, sortedBy } from "../../parts/table.ts";
import { shortName } from "./plots.ts";
import type { Listed, Trial } from "./sweep.ts";

const POINT = "point:";

/** Titles of columns; those of dimensions are their names. */
export type Titles = Record<"number" | "status" | "value" | "epochs" | "seconds" | "resume", string>;

/** A column for each dimension, between what came out and what it took; one for resuming where that can be done. */
export function trialColumns(
  dimensions: readonly SearchDimension[],
  metric: string,
  titles: Titles,
  isResumable = false,
): Column[] {
  return [
    { id: "number", title: titles.number, width: 80, numeric: true, pinned: true },
    { id: "status", title: titles.status, width: 116 },
    { id: "value", title: metric, width: 104, numeric: true },
    ...dimensions.map((dimension) => ({
      id: POINT + dimension.name,
      title: shortName(dimension.name, dimensions),
      width: dimension.kind === "choice" ? 130 : 112,
      numeric: dimension.values?.every((each) => typeof each === "number") ?? true,
    })),
    { id: "epochs", title: titles.epochs, width: 76, numeric: true },
    { id: "seconds", title: titles.seconds, width: 84, numeric: true },
    ...(isResumable ? [{ id: "resume", title: titles.resume, width: 130, sortable: false }] : []),
  ];
}

/** The dimension that a column shows; null for other columns. */
export function dimensionOf(column: string): string | null {
  return column.startsWith(POINT) ? column.slice(POINT.length) : null;
}

type Sortable = string | number | null | undefined;

function trialValue(trial: Trial, column: string): Sortable {
  const name = dimensionOf(column);
  if (name !== null) return plotted(trial.point[name]);
  return trial[column as "number" | "status" | "value" | "epochs" | "seconds"];
}

/** The trials in an order, `-number` by default: the newest first. */
export function sortTrials(trials: readonly Trial[], sort: string, locale: string): Trial[] {
  return sorted(trials, sort || "-number", locale, trialValue);
}

function listedValue(sweep: Listed, column: string): Sortable {
  if (column === "best") return sweep.best?.value;
  if (column === "tried") return sweep.planned ? sweep.tried / sweep.planned : 0;
  return sweep[column as "name" | "dataset" | "status" | "method" | "created_at"];
}

/** The sweeps in an order; as they come by default. */
export function sortSweeps(sweeps: readonly Listed[], sort: string, locale: string): readonly Listed[] {
  return sort ? sorted(sweeps, sort, locale, listedValue) : sweeps;
}

function sorted<Row>(
  rows: readonly Row[],
  sort: string,
  locale: string,
  sortable: (row: Row, column: string) => Sortable,
): Row[] {
  const [column, descending] = [sort.replace(/^-/, ""), sort.startsWith("-")];
  return sortedBy(rows, (row) => sortable(row, column), descending, locale);
}
