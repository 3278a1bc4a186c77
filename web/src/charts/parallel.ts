import { type Axis, axis, type Box, extent, padded, spansPowers } from "./frame.ts";

/** One axis of parallel coordinates: numbers on a scale, words at places of their own. `values[i]` is of item i. */
export interface Dimension {
  id: string;
  title: string;
  values: readonly (string | number | null)[];
  /** Whether its axis is logarithmic; by default as its numbers are spread. */
  log?: boolean;
}

export interface DrawnDimension {
  dimension: Dimension;
  x: number;
  ticks: { text: string; at: number }[];
  /** The range of the numbers; null for words. */
  numbers: Axis | null;
  /** Where item i crosses the axis; null where it has no value. */
  at: readonly (number | null)[];
}

export interface ParallelGeometry {
  axes: DrawnDimension[];
  /** The path of item i; it has gaps where a value is missing. */
  paths: string[];
}

const MAX_WORDS = 12;
const AXIS_PIXELS = 88;

/** The dimensions that have room in `width` pixels: the first ones and the last, which is what they explain. */
export function fittingDimensions(dimensions: readonly Dimension[], width: number): readonly Dimension[] {
  const count = Math.max(2, Math.floor(width / AXIS_PIXELS));
  return dimensions.length <= count
    ? dimensions
    : [...dimensions.slice(0, count - 1), ...dimensions.slice(-1)];
}

/** The geometry of parallel coordinates; null with fewer than one axis. */
export function drawParallel(
  dimensions: readonly Dimension[],
  count: number,
  box: Box,
): ParallelGeometry | null {
  if (dimensions.length === 0) return null;
  const step = dimensions.length > 1 ? (box.width - box.left - box.right) / (dimensions.length - 1) : 0;
  const axes = dimensions.map((dimension, index) =>
    drawAxis(dimension, Math.round(box.left + index * step), box),
  );
  return { axes, paths: Array.from({ length: count }, (_, item) => pathOf(axes, item)) };
}

function drawAxis(dimension: Dimension, x: number, box: Box): DrawnDimension {
  const [bottom, top] = [box.height - box.bottom, box.top];
  const words = dimension.values.filter((value) => typeof value === "string");
  if (words.length === 0) {
    const range = extent(dimension.values.map((value) => (typeof value === "number" ? value : null))) ?? [
      0, 1,
    ];
    const domain = range[0] === range[1] ? padded(range) : range;
    const numbers = axis(domain, [bottom, top], 4, { log: dimension.log ?? spansPowers(range) });
    const at = dimension.values.map((value) => (typeof value === "number" ? numbers.scale(value) : null));
    return { dimension, x, ticks: numbers.ticks, numbers, at };
  }
  const distinct = [
    ...new Set(dimension.values.map((value) => (value === null ? null : String(value)))),
  ].filter((value): value is string => value !== null);
  distinct.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const place = (index: number) =>
    distinct.length > 1 ? bottom - (index * (bottom - top)) / (distinct.length - 1) : (bottom + top) / 2;
  const places = new Map(distinct.map((text, index) => [text, place(index)]));
  const ticks =
    distinct.length <= MAX_WORDS ? distinct.map((text) => ({ text, at: places.get(text) ?? 0 })) : [];
  return {
    dimension,
    x,
    ticks,
    numbers: null,
    at: dimension.values.map((value) => places.get(String(value)) ?? null),
  };
}

function pathOf(axes: readonly DrawnDimension[], item: number): string {
  let path = "";
  let pen = "M";
  for (const { x, at } of axes) {
    const y = at[item];
    if (y === null || y === undefined) {
      pen = "M";
      continue;
    }
    path += `${pen}${x},${Math.round(y * 10) / 10}`;
    pen = "L";
  }
  return path;
}

/** Where a number lies in its range, from 0 to 1: for the shade of a line. Null without a number. */
export function shadeOf(dimension: Dimension | undefined, item: number): number | null {
  const value = dimension?.values[item];
  const range = extent((dimension?.values ?? []).map((each) => (typeof each === "number" ? each : null)));
  if (typeof value !== "number" || !Number.isFinite(value) || !range) return null;
  return range[0] === range[1] ? 1 : (value - range[0]) / (range[1] - range[0]);
}

export interface Brush {
  from: number;
  to: number;
}

/** Whether item i lies in every brush, which are positions on their axes. */
export function passes(
  axes: readonly DrawnDimension[],
  brushes: ReadonlyMap<string, Brush>,
  item: number,
): boolean {
  return axes.every(({ dimension, at }) => {
    const brush = brushes.get(dimension.id);
    const y = at[item];
    return !brush || (y !== null && y !== undefined && y >= brush.from && y <= brush.to);
  });
}
