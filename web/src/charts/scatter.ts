import { type Axis, axis, type Box, extent, padded, type Range, spansPowers } from "./frame.ts";

export interface Point {
  id: string;
  name: string;
  x: number | string | null | undefined;
  y: number | string | null | undefined;
  color: number;
  /** Behind the others. */
  faint?: boolean;
  /** With a ring around it. */
  marked?: boolean;
}

export interface ScatterOptions {
  /** Whether x is logarithmic; by default as its values are spread. */
  log?: boolean | undefined;
  /** Words on x, in their order, in place of numbers. */
  words?: readonly string[] | undefined;
  /** Whether x counts something. */
  integers?: boolean;
  /** Places that a line of steps connects: each holds until the next. */
  steps?: readonly { x: number; y: number }[];
}

export interface ScatterGeometry {
  x: Axis;
  y: Axis;
  dots: { point: Point; x: number; y: number }[];
  steps: string;
}

/** The geometry of points, on logarithmic axes for values of several powers of ten; null where none has both values. */
export function drawScatter(
  points: readonly Point[],
  box: Box,
  { log, words, integers = false, steps = [] }: ScatterOptions = {},
): ScatterGeometry | null {
  const placed = words ? points.map((point) => ({ ...point, x: placeOf(point.x, words) })) : points;
  const complete = placed.filter((point) => usable(point.x) && usable(point.y));
  const [horizontal, vertical] = [
    extent(complete.map((each) => Number(each.x))),
    extent(complete.map((each) => Number(each.y))),
  ];
  if (!horizontal || !vertical) return null;
  const across: Range = [box.left, box.width - box.right];
  const x = words
    ? wordAxis(words, across)
    : roomyAxis(horizontal, across, box.width / 80, { log, integers });
  const y = roomyAxis(vertical, [box.height - box.bottom, box.top], box.height / 44);
  return {
    x,
    y,
    dots: complete
      .map((point) => ({ point, x: x.scale(Number(point.x)), y: y.scale(Number(point.y)) }))
      .sort((a, b) => layerOf(a.point) - layerOf(b.point)),
    steps: pathOf(steps, x, y),
  };
}

/** What lies behind is drawn first. */
function layerOf(point: Point): number {
  return point.marked ? 2 : point.faint ? 0 : 1;
}

/** A line of steps to the right end. */
function pathOf(steps: readonly { x: number; y: number }[], x: Axis, y: Axis): string {
  const [first, ...rest] = steps;
  if (!first) return "";
  const path = rest.map((step) => `H${round(x.scale(step.x))}V${round(y.scale(step.y))}`).join("");
  return `M${round(x.scale(first.x))},${round(y.scale(first.y))}${path}H${round(x.scale(x.domain[1]))}`;
}

function roomyAxis(
  values: Range,
  pixels: Range,
  count: number,
  { log = spansPowers(values), integers = false }: { log?: boolean | undefined; integers?: boolean } = {},
): Axis {
  const isLog = log && values[0] > 0;
  const domain: Range = isLog ? [values[0] / 1.5, values[1] * 1.5] : padded(values);
  return axis(domain, pixels, Math.max(2, count), { log: isLog, integers });
}

function wordAxis(words: readonly string[], pixels: Range): Axis {
  const places = axis([-0.5, words.length - 0.5], pixels, words.length);
  return { ...places, ticks: words.map((text, value) => ({ value, at: places.scale(value), text })) };
}

function placeOf(word: Point["x"], words: readonly string[]): number | null {
  const place = words.indexOf(String(word));
  return place < 0 ? null : place;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function usable(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}
