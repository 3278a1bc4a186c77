import type { Occlusion } from "../api/explain.ts";

const MIN_DROP = 0.02;

/** The place whose hiding changes the answer most: the probability before and after, and another class if that wins. */
export interface Words {
  region: NonNullable<Occlusion["most_important"]>["region"];
  before: number;
  after: number;
  other: string | null;
}

/** Null where no single place matters much. */
export function wordsOf({ label, probability, most_important: most }: Occlusion): Words | null {
  if (!most || probability - most.probability <= MIN_DROP) return null;
  const other = most.answer.label === label ? null : most.answer.label;
  return { region: most.region, before: probability, after: most.probability, other };
}
