import type { Finding } from "./state.svelte.ts";

/** The errors that a finding is about, as a filter of the list of errors. */
export interface ErrorLink {
  split: string;
  truth: string;
  predicted: string | null;
}

interface Evidence {
  split: string;
  pairs?: { labels: [string, string] }[];
  classes?: { label: string }[];
}

/** Of two confused classes either way, of a weak class all; none of other findings. */
export function errorsOf({ rule, evidence }: Pick<Finding, "rule" | "evidence">): ErrorLink[] {
  const { split, pairs = [], classes = [] } = evidence as unknown as Evidence;
  if (rule === "confused-pairs")
    return pairs.flatMap(({ labels: [one, other] }) => [
      { split, truth: one, predicted: other },
      { split, truth: other, predicted: one },
    ]);
  if (rule === "weak-classes") return classes.map(({ label }) => ({ split, truth: label, predicted: null }));
  return [];
}
