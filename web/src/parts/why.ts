import type { Occlusion } from "../api/explain.ts";

const MIN_DROP = 0.02;

/** The place whose hiding changes the answer most: the probability before and after, and another class if that wins. */
export interface Words {
  region: NonNullable<Occlusion["most_important"]>["region"];
  before: number;
  after: number;
  other: string | null;
}

/**
 * Null where no single place matters much. `answered` is the class that the whole image was taken for, which is another
 * than that of the explanation where somebody asks why not.
 */
export function wordsOf({ probability, most_important: most }: Occlusion, answered: string): Words | null {
  if (!most || probability - most.probability <= MIN_DROP) return null;
  const other = most.answer.label === answered ? null : most.answer.label;
  return { region: most.region, before: probability, after: most.probability, other };
}
