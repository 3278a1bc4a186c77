import { line } from "d3-shape";
import { extent } from "./frame.ts";

/** The path of a small line that fills `width` times `height` pixels, and where it ends. Gaps split it. */
export function drawSparkline(
  values: readonly (number | null)[],
  width: number,
  height: number,
): { path: string; end: { x: number; y: number } | null } {
  const range = extent(values);
  if (!range) return { path: "", end: null };
  const margin = 2;
  const step = values.length > 1 ? (width - 2 * margin) / (values.length - 1) : 0;
  const span = range[1] - range[0];
  const shown = (value: number | null) => value !== null && Number.isFinite(value);
  const x = (index: number) => round(margin + (values.length > 1 ? index * step : width / 2 - margin));
  const y = (value: number) =>
    round(span ? height - margin - ((value - range[0]) / span) * (height - 2 * margin) : height / 2);
  const path = line<number | null>()
    .defined(shown)
    .x((_, index) => x(index))
    .y((value) => y(value ?? 0))(values);
  const last = values.findLastIndex(shown);
  return { path: path ?? "", end: { x: x(last), y: y(values[last] ?? 0) } };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
