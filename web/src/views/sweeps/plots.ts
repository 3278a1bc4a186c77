import { elapsed, type History } from "../../api/history.ts";
import type { Series } from "../../charts/line.ts";
import type { Dimension } from "../../charts/parallel.ts";
import type { Point } from "../../charts/scatter.ts";
import { plotted, type SearchDimension, valueText } from "../../parts/search.ts";
import type { Sweep, Trial } from "./sweep.ts";

/** A trial as charts name it. */
export function idOf(trial: Trial): string {
  return String(trial.number);
}

/** Trials of the search with a value: those that are drawn. */
export function drawnTrials(sweep: Sweep): Trial[] {
  return sweep.trials.filter((trial) => trial.repeat_of === null && trial.value !== null);
}

function pointOf(trial: Trial, x: Point["x"], best: number | undefined): Point {
  return {
    id: idOf(trial),
    name: `#${trial.number}`,
    x,
    y: trial.value,
    color: 0,
    faint: trial.status !== "succeeded",
    marked: trial.number === best,
  };
}

/** The trials in their order. */
export function orderPoints(trials: readonly Trial[], best?: number): Point[] {
  return trials.map((trial) => pointOf(trial, trial.number, best));
}

/** The trials by their value of a dimension. */
export function slicePoints(trials: readonly Trial[], name: string, best?: number): Point[] {
  return trials.map((trial) => pointOf(trial, plotted(trial.point[name]), best));
}

/** The words on the axis of a dimension that has others than numbers. */
export function wordsOf({ values }: SearchDimension): string[] | undefined {
  return values?.some((each) => typeof each !== "number") ? [...new Set(values.map(valueText))] : undefined;
}

/** The best value so far, of trials that were trained to their end, where it rises: by number. */
export function bestSoFar(trials: readonly Trial[], metric: string): { x: number; y: number }[] {
  const sign = metric === "val_accuracy" ? 1 : -1;
  const steps: { x: number; y: number }[] = [];
  for (const { number: x, status, value: y } of trials) {
    const last = steps.at(-1);
    if (status === "succeeded" && y !== null && (!last || sign * y > sign * last.y)) steps.push({ x, y });
  }
  return steps;
}

/** An axis for each dimension, and one for the metric. */
export function axesOf(
  trials: readonly Trial[],
  dimensions: readonly SearchDimension[],
  metric: string,
): Dimension[] {
  const searched = dimensions.map((dimension) => ({
    id: dimension.name,
    title: shortName(dimension.name, dimensions),
    values: trials.map((trial) => axisValue(trial.point[dimension.name], wordsOf(dimension))),
    ...logOf(dimension),
  }));
  return [...searched, { id: metric, title: metric, values: trials.map((trial) => trial.value) }];
}

/** Whether the axis of a dimension is logarithmic: as it is searched; undefined for listed values, which show it. */
export function isLog({ kind, log }: SearchDimension): boolean | undefined {
  return kind === "choice" ? undefined : log;
}

function logOf(dimension: SearchDimension): { log?: boolean } {
  const log = isLog(dimension);
  return log === undefined ? {} : { log };
}

function axisValue(value: unknown, words: readonly string[] | undefined): string | number | null {
  const place = plotted(value);
  return words && place !== null ? valueText(value) : place;
}

/** The end of a dotted path that tells a dimension from all others: `units`, or `layers.1.units`. */
export function shortName(name: string, all: readonly { name: string }[]): string {
  const parts = name.split(".");
  for (let count = 1; count < parts.length; count++) {
    const end = parts.slice(-count).join(".");
    const isOther = (each: { name: string }) =>
      each.name !== name && (each.name === end || each.name.endsWith(`.${end}`));
    if (!/^\d+$/.test(parts.at(-count) ?? "") && !all.some(isOther)) return end;
  }
  return name;
}

/** The dimensions that matter most first. */
export function byImportance(
  dimensions: readonly SearchDimension[],
  importance: Sweep["importance"],
): SearchDimension[] {
  return [...dimensions].sort((a, b) => (importance?.[b.name] ?? 0) - (importance?.[a.name] ?? 0));
}

/** The trials whose curves are drawn, by number: those that run, then the best, and for a third the newest others. */
export function curveTrials(sweep: Sweep, most: number): Trial[] {
  const sign = sweep.metric === "val_accuracy" ? 1 : -1;
  const rank = (trial: Trial) =>
    trial.status === "running" ? Number.POSITIVE_INFINITY : trial.value === null ? -1e9 : sign * trial.value;
  const ranked = sweep.trials
    .filter((trial) => trial.experiment_id !== null && (trial.epochs > 0 || trial.status === "running"))
    .sort((a, b) => rank(b) - rank(a) || b.number - a.number);
  const few = Math.ceil((2 * most) / 3);
  const others = ranked.slice(few).sort((a, b) => b.number - a.number);
  return [...ranked.slice(0, few), ...others.slice(0, most - few)].sort((a, b) => a.number - b.number);
}

/** A line for each trial; those that were stopped early lie behind. A trial keeps its colour when others come. */
export function curvesOfTrials(
  trials: readonly Trial[],
  histories: ReadonlyMap<string, History>,
  metric: string,
  bySeconds: boolean,
): Series[] {
  return trials.flatMap((trial) => {
    const history = histories.get(trial.experiment_id ?? "");
    const y = history?.history[metric];
    if (!history || !y?.length) return [];
    const x = bySeconds ? elapsed(history) : history.epoch;
    const color = trial.number % 8;
    const faint = trial.status !== "succeeded" && trial.status !== "running";
    return [{ id: idOf(trial), name: `#${trial.number}`, x, y, color, faint }];
  });
}
