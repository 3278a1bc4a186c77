import { scaleLinear, scaleLog } from "d3-scale";

export interface Box {
  width: number;
  height: number;
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export type Range = readonly [number, number];
export type Scale = (value: number) => number;

export interface Axis {
  scale: Scale;
  invert: (position: number) => number;
  domain: Range;
  ticks: { value: number; at: number; text: string }[];
}

/** The smallest and largest finite value; null without any. */
export function extent(values: Iterable<number | null | undefined>): Range | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** Whether values are best shown on a logarithmic axis: positive ones over at least two powers of ten. */
export function spansPowers(range: Range): boolean {
  return range[0] > 0 && range[1] / range[0] >= 100;
}

/** A range with some air around it; one value gets a range around itself. */
export function padded([low, high]: Range, share = 0.05): Range {
  if (low === high) {
    const around = low === 0 ? 1 : Math.abs(low) * 0.1;
    return [low - around, high + around];
  }
  const air = (high - low) * share;
  return [low - air, high + air];
}

/** An axis over pixels `range`. A logarithmic one needs a positive domain, and is linear otherwise. */
export function axis(
  domain: Range,
  range: Range,
  count: number,
  options: { log?: boolean; integers?: boolean } = {},
): Axis {
  if (options.log && domain[0] > 0) return logAxis(domain, range, count);
  const scale = scaleLinear(domain, range);
  const format = options.integers ? scale.tickFormat(count, "d") : scale.tickFormat(count);
  const ticks = scale.ticks(count).filter((value) => !options.integers || Number.isInteger(value));
  return {
    scale,
    invert: (position) => scale.invert(position),
    domain,
    ticks: ticks.map((value) => ({ value, at: scale(value), text: format(value) })),
  };
}

function logAxis(domain: Range, range: Range, count: number): Axis {
  const scale = scaleLog(domain, range);
  const format = scale.tickFormat(count, "~g");
  const all = scale.ticks(count).map((value) => ({ value, at: scale(value), text: format(value) }));
  return {
    scale,
    invert: (position) => scale.invert(position),
    domain,
    ticks: all.filter((tick) => tick.text !== ""),
  };
}
