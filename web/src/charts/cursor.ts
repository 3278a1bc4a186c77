import type { Axis, Range } from "./frame.ts";

/** A drag over fewer pixels is a click. */
const MIN_DRAG_PIXELS = 8;

/** The place that a key moves the cursor to, of ascending `places`; undefined for keys that do not move it. */
export function placeAfter(
  key: string,
  places: readonly number[],
  cursor: number | null,
): number | null | undefined {
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -places.length, End: places.length }[key];
  if (step === undefined) return undefined;
  const at = cursor === null ? -1 : places.findIndex((place) => place >= cursor - 1e-9);
  return places[Math.min(Math.max(at + step, 0), places.length - 1)] ?? null;
}

/** The part of x that a drag between two places chooses; null for a click. */
export function draggedRange(axis: Axis, from: number, to: number): Range | null {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  return axis.scale(high) - axis.scale(low) > MIN_DRAG_PIXELS ? [low, high] : null;
}

/** The value under a pixel; beside the axis, that of its nearer end. */
export function valueAt(axis: Axis, pixel: number): number {
  const [first, last] = [axis.scale(axis.domain[0]), axis.scale(axis.domain[1])];
  return axis.invert(Math.min(Math.max(pixel, first), last));
}
