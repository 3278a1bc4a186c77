import type { components } from "../../api/schema.d.ts";

type Schemas = components["schemas"];
export type Compared = Omit<Schemas["ComparedExperiment"], "accuracy_interval"> & {
  accuracy_interval: number[];
};
export type Pair = Omit<Schemas["Pair"], "difference_interval"> & { difference_interval: number[] };
export type Flip = Schemas["Flip"];
/** What `GET /compare` answers. */
export type Comparison = Omit<Schemas["Comparison"], "experiments" | "pairs"> & {
  experiments: Compared[];
  pairs: Pair[];
};

export const SPLITS = ["test", "validation", "training"] as const;
export type Split = (typeof SPLITS)[number];
const SIGNIFICANT = 0.05;

/** Distinct ids in their order, the first being what the others are compared with. */
export function readIds(text: string): string[] {
  return [
    ...new Set(
      text
        .split(",")
        .map((id) => id.trim())
        .filter(Boolean),
    ),
  ];
}

export function isSignificant(pair: Pair): boolean {
  return pair.p < SIGNIFICANT;
}

/** Whether the interval, by resampling, leaves out zero where McNemar's test, which decides, finds no difference. */
export function isIntervalTooNarrow(pair: Pair): boolean {
  const [low = 0, high = 0] = pair.difference_interval;
  return !isSignificant(pair) && (low > 0 || high < 0);
}

interface MetricColumn {
  id:
    | "accuracy"
    | "top_3_accuracy"
    | "macro_f1"
    | "loss"
    | "calibration_error"
    | "parameters"
    | "seconds"
    | "peeks";
  /** Whether less of it is better; null where neither is. */
  less: boolean;
}

export const METRICS: readonly MetricColumn[] = [
  { id: "accuracy", less: false },
  { id: "top_3_accuracy", less: false },
  { id: "macro_f1", less: false },
  { id: "loss", less: true },
  { id: "calibration_error", less: true },
  { id: "parameters", less: true },
  { id: "seconds", less: true },
  { id: "peeks", less: true },
];

/** Which of the experiments are best by a metric; none where all are equal. */
export function bestBy({ id, less }: MetricColumn, experiments: readonly Compared[]): ReadonlySet<string> {
  const known = experiments.flatMap((each) => (each[id] === null ? [] : [{ id: each.id, value: each[id] }]));
  const values = known.map(({ value }) => value);
  const best = less ? Math.min(...values) : Math.max(...values);
  if (new Set(values).size < 2) return new Set();
  return new Set(known.filter(({ value }) => value === best).map((each) => each.id));
}

/** Where values lie on an axis, in percent; the axis has zero in it and some room at both ends. */
export function axisOf(values: readonly number[]): (value: number) => number {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = (high - low || 1) * 0.12;
  return (value) => (100 * (value - low + room)) / (high - low + 2 * room);
}

/** The same for values that need not be near zero. */
export function rangeOf(values: readonly number[]): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low || 0.01) * 0.06;
  return (value) => (100 * (value - low + room)) / (high - low + 2 * room);
}
