import { type Axis, axis, type Box, extent } from "./frame.ts";

/** One bar, or several beside each other: `values[s]` is of series s; null is none. */
export interface BarGroup {
  label: string;
  values: readonly (number | null)[];
}

export interface BarGeometry {
  /** The axis of the values, from 0 or from the lowest if that is below. */
  value: Axis;
  bars: {
    group: number;
    series: number;
    value: number;
    y: number;
    x: number;
    width: number;
    height: number;
  }[];
  groups: { label: string; y: number }[];
  height: number;
}

const BAR = 14;
const GAP = 8;

/** Horizontal bars, one group below the other; the height follows from their number. Null where no value is. */
export function drawBars(
  groups: readonly BarGroup[],
  box: Omit<Box, "height">,
  domain?: readonly [number, number],
): BarGeometry | null {
  const range = domain ?? extent(groups.flatMap((group) => group.values));
  if (!range || groups.length === 0) return null;
  const low = Math.min(0, range[0]);
  const value = axis(
    [low, Math.max(range[1], low === 0 && range[1] <= 0 ? 1 : range[1])],
    [box.left, box.width - box.right],
    Math.max(2, box.width / 90),
  );
  const series = Math.max(...groups.map((group) => group.values.length));
  const thickness = Math.max(6, Math.min(BAR, 28 / series));
  const step = thickness * series + GAP;
  const bars = groups.flatMap((group, index) =>
    group.values.flatMap((each, s) => {
      if (each === null || !Number.isFinite(each)) return [];
      const [from, to] = [value.scale(0), value.scale(each)];
      const y = box.top + index * step + s * thickness;
      return [
        {
          group: index,
          series: s,
          value: each,
          y,
          x: Math.min(from, to),
          width: Math.abs(to - from),
          height: thickness - 2,
        },
      ];
    }),
  );
  const labels = groups.map((group, index) => ({
    label: group.label,
    y: box.top + index * step + (thickness * series) / 2 - 1,
  }));
  return { value, bars, groups: labels, height: box.top + groups.length * step + box.bottom };
}
