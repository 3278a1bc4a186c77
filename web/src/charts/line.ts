import { bisector } from "d3-array";
import { line } from "d3-shape";
import { type Axis, axis, type Box, extent, padded, type Range } from "./frame.ts";
import { smooth } from "./smoothing.ts";
import { thin } from "./thin.ts";

/** One line: `y[i]` at `x[i]`, ascending; null and NaN are gaps. */
export interface Series {
  id: string;
  name: string;
  x: readonly number[];
  y: readonly (number | null)[];
  /** Index of its colour, `--series-0` to `--series-7`; beyond that the dash differs. */
  color: number;
  /** A second line of the same subject, such as training beside validation. */
  dashed?: boolean;
  /** Behind the others, such as a trial that was stopped early. */
  faint?: boolean;
}

export interface LineOptions {
  log?: boolean;
  /** Weight of the smoothing, in [0, 1). */
  smoothing?: number;
  /** The part of x that is shown; null is all of it. */
  zoom?: Range | null;
  /** Whether x counts something, such as epochs. */
  integers?: boolean;
}

export interface DrawnSeries {
  series: Series;
  /** The values as they are. */
  raw: string;
  /** Smoothed; "" where that is the same as raw. */
  smoothed: string;
  /** Points without a neighbour, which no line shows. */
  dots: { x: number; y: number }[];
  values: readonly (number | null)[];
}

export interface LineGeometry {
  box: Box;
  x: Axis;
  y: Axis;
  lines: DrawnSeries[];
}

/** The geometry of a chart of lines; null where there is no value to show. */
export function drawLines(
  series: readonly Series[],
  box: Box,
  options: LineOptions = {},
): LineGeometry | null {
  const { log = false, smoothing = 0, zoom = null, integers = false } = options;
  const shown = (value: number | null | undefined): value is number =>
    value !== null && value !== undefined && Number.isFinite(value) && (!log || value > 0);
  const all = extent(series.flatMap((each) => each.x.filter((_, index) => shown(each.y[index]))));
  if (all === null) return null;
  const domain = zoom ?? (all[0] === all[1] ? padded(all) : all);
  const inside = (x: number | undefined) => x !== undefined && x >= domain[0] && x <= domain[1];
  const visible = extent(
    series.flatMap((each) => each.y.filter((y, index) => shown(y) && inside(each.x[index]))),
  );
  const x = axis(domain, [box.left, box.width - box.right], Math.max(2, box.width / 80), { integers });
  const y = axis(
    yDomain(visible ?? [0, 1], log),
    [box.height - box.bottom, box.top],
    Math.max(2, box.height / 44),
    { log },
  );
  return { box, x, y, lines: series.map((each) => drawLine(each, x, y, smoothing, shown)) };
}

function yDomain(range: Range, log: boolean): Range {
  if (!log) return padded(range);
  const [low, high] = range;
  return low === high ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
}

function drawLine(
  series: Series,
  x: Axis,
  y: Axis,
  smoothing: number,
  shown: (value: number | null) => value is number,
): DrawnSeries {
  const xOf = (index: number) => round(x.scale(series.x[index] ?? 0));
  const path = (values: readonly (number | null)[]) =>
    line<number>()
      .defined((index) => shown(values[index] ?? null))
      .x(xOf)
      .y((index) => round(y.scale(values[index] ?? 0)))(thin(values, xOf, shown)) ?? "";
  const values = smoothing > 0 ? smooth(series.y, smoothing) : series.y;
  const alone = series.y.flatMap((value, index) => {
    const has = (at: number) => at >= 0 && at < series.y.length && shown(series.y[at] ?? null);
    if (!has(index) || has(index - 1) || has(index + 1)) return [];
    return [{ x: round(x.scale(series.x[index] ?? 0)), y: round(y.scale(value ?? 0)) }];
  });
  return { series, raw: path(series.y), smoothed: smoothing > 0 ? path(values) : "", dots: alone, values };
}

export interface Reading {
  series: Series;
  x: number;
  raw: number | null;
  smoothed: number | null;
  at: { x: number; y: number } | null;
}

const nearest = bisector((value: number) => value).center;

/** What each line has nearest to `x`, for the cursor; lines that end more than a step before it are left out. */
export function readLines(geometry: LineGeometry, x: number): Reading[] {
  return geometry.lines.flatMap(({ series, values }) => {
    const index = nearest(series.x, x);
    const found = series.x[index];
    if (found === undefined || Math.abs(found - x) > stepOf(series.x, index)) return [];
    const [raw, smoothed] = [series.y[index] ?? null, values[index] ?? null];
    const y = smoothed !== null && Number.isFinite(smoothed) ? geometry.y.scale(smoothed) : Number.NaN;
    const at = Number.isFinite(y) ? { x: geometry.x.scale(found), y } : null;
    return [{ series, x: found, raw, smoothed, at }];
  });
}

/** The series with `offset` added to x. */
export function shiftX(series: readonly Series[], offset: number): readonly Series[] {
  return offset ? series.map((each) => ({ ...each, x: each.x.map((x) => x + offset) })) : series;
}

/** A place on x that is marked. */
export interface Mark {
  x: number;
  label: string;
}

/** The marks in sight, in pixels; the text of a late one, in the right half, stands at its left. */
export function placeMarks(
  { x, box }: LineGeometry,
  marks: readonly Mark[],
  offset: number,
): { at: number; label: string; isLate: boolean }[] {
  const [left, right] = [box.left, box.width - box.right];
  return marks
    .map((mark) => ({ at: x.scale(mark.x + offset), label: mark.label }))
    .filter(({ at }) => at >= left && at <= right)
    .map((mark) => ({ ...mark, isLate: mark.at > (left + right) / 2 }));
}

/** How far apart the values around `index` are; anything for a single one. */
function stepOf(x: readonly number[], index: number): number {
  const [before, here, after] = [x[index - 1], x[index] ?? 0, x[index + 1]];
  if (before === undefined && after === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(here - (before ?? here), (after ?? here) - here);
}

/** All distinct x of the lines, ascending: what arrow keys move the cursor over. */
export function positions(series: readonly Series[]): number[] {
  return [...new Set(series.flatMap((each) => each.x))].sort((a, b) => a - b);
}

/** Every series has its own colour up to eight, then the next dash. */
export function dashOf(series: Series): string {
  if (series.dashed) return "2 3";
  return ["", "7 3", "1 3", "9 3 2 3"][Math.floor(series.color / 8) % 4] ?? "";
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
