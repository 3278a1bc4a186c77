import type { RunSummary } from "../../api/runs.ts";
import { type FlatSpec, shortPath } from "../../api/specs.ts";
import type { Dimension } from "../../charts/parallel.ts";
import { type Mean, meanOf } from "./grouping.ts";

/** More axes than this cannot be read. */
export const MAX_AXES = 10;

/** The fields that have different values in the specs of the runs, one axis each; those with the fewest values first. */
export function varyingFields(
  runs: readonly RunSummary[],
  specs: ReadonlyMap<string, FlatSpec>,
): Dimension[] {
  const paths = new Set<string>();
  for (const run of runs) for (const path of specs.get(run.id)?.keys() ?? []) paths.add(path);
  const dimensions = [...paths].flatMap((path): (Dimension & { distinct: number })[] => {
    const values = runs.map((run) => specs.get(run.id)?.get(path) ?? null);
    const distinct = new Set(values.filter((value) => value !== null)).size;
    return distinct > 1 ? [{ id: path, title: shortPath(path), values, distinct }] : [];
  });
  return dimensions.sort((a, b) => a.distinct - b.distinct).map(({ distinct: _, ...dimension }) => dimension);
}

/** The fields that explain most of `metric` first; those of which that is unknown last. */
export function byImportance(fields: readonly Dimension[], metric: Dimension): Dimension[] {
  const shares = new Map(fields.map((field) => [field, importance(field, metric) ?? -1]));
  return [...fields].sort((a, b) => (shares.get(b) ?? 0) - (shares.get(a) ?? 0));
}

/** One axis for each metric that any of the runs has. */
export function metricDimensions(runs: readonly RunSummary[], names: readonly string[]): Dimension[] {
  return names.flatMap((name) => {
    const values = runs.map((run) => run.metrics[name] ?? null);
    return values.some((value) => value !== null && Number.isFinite(value))
      ? [{ id: name, title: name, values }]
      : [];
  });
}

/**
 * The share of the variance of `metric` that a dimension explains alone: eta squared over its words, or the squared
 * rank correlation of its numbers. Null below four runs with both, or without variance.
 */
export function importance(dimension: Dimension, metric: Dimension): number | null {
  const pairs = dimension.values.flatMap((value, index): [string | number, number][] => {
    const y = metric.values[index];
    return value !== null && typeof y === "number" && Number.isFinite(y) ? [[value, y]] : [];
  });
  if (pairs.length < 4) return null;
  const words = pairs.some(([value]) => typeof value === "string");
  return words ? etaSquared(pairs) : rankCorrelation(pairs as [number, number][]) ** 2 || 0;
}

function etaSquared(pairs: readonly [string | number, number][]): number | null {
  const total = meanOf(pairs.map(([, y]) => y));
  const sum = squares(total);
  if (!total || sum === 0) return null;
  const groups = Map.groupBy(pairs, ([value]) => value);
  let between = 0;
  for (const members of groups.values()) {
    const group = meanOf(members.map(([, y]) => y));
    if (group) between += group.n * (group.mean - total.mean) ** 2;
  }
  return between / sum;
}

function squares(mean: Mean | null): number {
  return mean?.sd ? mean.sd ** 2 * (mean.n - 1) : 0;
}

/** Spearman's, with mean ranks for ties; 0 without variance. */
function rankCorrelation(pairs: readonly [number, number][]): number {
  const [x, y] = [ranks(pairs.map(([value]) => value)), ranks(pairs.map(([, value]) => value))];
  const center = (pairs.length - 1) / 2;
  const product = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, index) => sum + (value - center) * ((b[index] ?? 0) - center), 0);
  const spread = Math.sqrt(product(x, x) * product(y, y));
  return spread === 0 ? 0 : product(x, y) / spread;
}

function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}
