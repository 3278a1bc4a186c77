import type { ServiceEvent } from "../../api/events.ts";
import type { components } from "../../api/schema.d.ts";

export type Dataset = components["schemas"]["DatasetView"];
export type Sample = components["schemas"]["DatasetSample"];

/** In this order, in every dataset; one without samples is not shown. */
export const SPLITS = ["train", "validation", "test"] as const;
export type Split = (typeof SPLITS)[number];

const CORRECTIONS = "-corrections";

/** The list after an event; null if it has to be fetched again. */
export function applyToDatasets(list: readonly Dataset[], event: ServiceEvent): readonly Dataset[] | null {
  if (event.kind !== "dataset") return list;
  const { name, status, progress } = event.data;
  const at = list.findIndex((each) => each.name === name);
  const known = list[at];
  if (status === "deleted") return known ? list.filter((each) => each !== known) : list;
  // What has ended has contents or an error that the event does not carry.
  if (!known?.record || status === "ready" || status === "failed") return null;
  const record = { ...known.record, status: status as typeof known.record.status, progress };
  return list.with(at, { ...known, status, record, has_images: false });
}

export interface SplitCount {
  split: Split;
  total: number;
}

/** How many samples each split has; those without are left out. */
export function splitCounts(dataset: Dataset): SplitCount[] {
  return SPLITS.flatMap((split) => {
    const total = sum(dataset.counts[split] ?? []);
    return total ? [{ split, total }] : [];
  });
}

/** The classes of which there is no training image. */
export function missingClasses({ classes, counts }: Pick<Dataset, "classes" | "counts">): string[] {
  return classes.filter((_, index) => !counts.train?.[index]);
}

export interface ClassCount {
  label: string;
  counts: Record<Split, number>;
  total: number;
}

export function classCounts(dataset: Dataset): ClassCount[] {
  return dataset.classes.map((label, index) => {
    const counts = Object.fromEntries(
      SPLITS.map((split) => [split, dataset.counts[split]?.[index] ?? 0]),
    ) as Record<Split, number>;
    return { label, counts, total: sum(Object.values(counts)) };
  });
}

export function isPending(dataset: Dataset): boolean {
  return dataset.status === "queued" || dataset.status === "converting" || dataset.status === "collecting";
}

/**
 * Numbers of `count` samples of as many classes as there are: samples of uploads are numbered class by class, those of
 * built-in datasets in the order that they were published in, which mixes classes.
 */
export function thumbnails(dataset: Dataset, count: number): number[] {
  const train = dataset.counts.train ?? [];
  const total = sum(train);
  const some = Math.min(count, total);
  if (dataset.origin === "built-in") return Array.from({ length: some }, (_, index) => index);
  const chosen = new Set<number>();
  for (let round = 0; chosen.size < some; round++) {
    let start = 0;
    for (const size of train) {
      if (round < size && chosen.size < some) chosen.add(start + round);
      start += size;
    }
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The dataset of corrections of a dataset, and the dataset that corrections belong to. */
export function correctionsOf(list: readonly Dataset[], name: string): Dataset | undefined {
  return list.find((each) => each.name === name + CORRECTIONS && each.origin === "collected");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
