import type { Schema } from "../../api/client.ts";

export type Bin = Schema<"CalibrationBin">;

export interface ReliabilityBar {
  bin: Bin;
  x: number;
  width: number;
  /** Top of the bar of accuracy, and where the mean confidence lies. */
  y: number;
  ideal: number;
  /** Height of the bar of samples, below. */
  samples: number;
}

export interface ReliabilityGeometry {
  side: number;
  left: number;
  top: number;
  /** Where the bars of samples stand. */
  base: number;
  height: number;
  bars: ReliabilityBar[];
  ticks: { value: number; at: number }[];
}

const SAMPLES = 40;
const GAP = 24;

/** Accuracy by confidence in a square, samples by confidence below it. Null without bins. */
export function drawReliability(bins: readonly Bin[], width: number): ReliabilityGeometry | null {
  if (bins.length === 0) return null;
  const [left, right, top] = [40, 18, 8];
  const side = Math.max(60, Math.min(360, width - left - right));
  const base = top + side + GAP + SAMPLES;
  const most = Math.max(...bins.map((bin) => bin.samples), 1);
  const bars = bins.map((bin) => ({
    bin,
    x: left + bin.from * side,
    width: Math.max(1, (bin.to - bin.from) * side),
    y: top + (1 - bin.accuracy) * side,
    ideal: top + (1 - bin.confidence) * side,
    samples: bin.samples ? Math.max(1, (bin.samples / most) * SAMPLES) : 0,
  }));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, at: value * side }));
  return { side, left, top, base, height: base + 18, bars, ticks };
}

/** Mean confidence of all predictions; null without bins. */
export function meanConfidence(bins: readonly Bin[]): number | null {
  const samples = bins.reduce((sum, bin) => sum + bin.samples, 0);
  return samples ? bins.reduce((sum, bin) => sum + bin.samples * bin.confidence, 0) / samples : null;
}

/** Closer than chance allows in one of twenty cases, or than half a percent, is calibrated. */
export function judge(
  confidence: number,
  accuracy: number,
  samples: number,
): "calibrated" | "over" | "under" {
  const chance = 1.96 * Math.sqrt((confidence * (1 - confidence)) / Math.max(1, samples));
  const gap = confidence - accuracy;
  if (Math.abs(gap) <= Math.max(0.005, chance)) return "calibrated";
  return gap > 0 ? "over" : "under";
}
