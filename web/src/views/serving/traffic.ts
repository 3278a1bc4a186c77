import type { Schema } from "../../api/client.ts";
import type { BarGroup } from "../../charts/bars.ts";

export type ModelTraffic = Schema<"ServingTraffic">;
export type Verdict = Schema<"Prediction">["verdict"];

const VERDICTS: readonly Verdict[] = ["confident", "unsure", "several_digits", "not_a_digit"];

/** Of this many classes all are shown; of more those that differ most. */
const MAX_CLASSES = 10;

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, each) => total + each, 0);
}

/** Verdicts that were given, with their shares, from 0 to 1. */
export function verdictShares(counts: ModelTraffic["verdicts"]): { verdict: Verdict; share: number }[] {
  const total = sum(Object.values(counts));
  return VERDICTS.flatMap((verdict) => {
    const count = counts[verdict] ?? 0;
    return count ? [{ verdict, share: count / total }] : [];
  });
}

/** The share of each class in the predictions now, and in those on the validation split. */
export function classShares(predicted: ModelTraffic["predicted"]): BarGroup[] {
  const now = sum(predicted.map((each) => each.count));
  const validation = sum(predicted.map((each) => each.validation_count ?? 0));
  const groups = predicted.map(({ label, count, validation_count }) => ({
    label,
    values: [now ? count / now : null, validation ? (validation_count ?? 0) / validation : null],
  }));
  if (groups.length <= MAX_CLASSES) return groups;
  const difference = ({ values: [a, b] }: BarGroup) => Math.abs((a ?? 0) - (b ?? 0));
  return groups.sort((a, b) => difference(b) - difference(a)).slice(0, MAX_CLASSES);
}
