import type { Judged } from "../../api/relabel.ts";

/** A misclassified sample, as `GET /experiments/{id}/mistakes` has it. */
export interface Mistake extends Judged {
  /** Within its split. */
  index: number;
  true: { label: string; index: number };
  /** The most probable classes. */
  top: readonly { label: string; index: number; probability: number }[];
  /** A path of the API; null if samples are not images. */
  image: string | null;
}

export interface Suspects {
  run: { id: string; name: string };
  items: readonly Suspect[];
}

export interface Suspect extends Mistake {
  split: SuspectSplit;
  /** Split and place within it. */
  key: string;
}

export type SuspectSplit = "training" | "validation";

/** What the network takes the sample for. */
export function otherOf(mistake: Mistake): string {
  return mistake.top.find(({ label }) => label !== mistake.true.label)?.label ?? "";
}

/** Those of several splits as one list, the most confident first. */
export function mergeSuspects(lists: Record<SuspectSplit, readonly Mistake[]>, limit: number): Suspect[] {
  return (Object.keys(lists) as SuspectSplit[])
    .flatMap((split) => lists[split].map((item) => ({ ...item, split, key: `${split} ${item.index}` })))
    .sort((a, b) => (b.top[0]?.probability ?? 0) - (a.top[0]?.probability ?? 0))
    .slice(0, limit);
}
