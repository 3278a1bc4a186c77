import { sortedBy } from "../../parts/table.ts";

export interface ClassRow {
  label: string;
  precision: number | null;
  recall: number | null;
  f1: number | null;
  support: number;
}

export const CLASS_COLUMNS = ["label", "precision", "recall", "f1", "support"] as const;
export type ClassColumn = (typeof CLASS_COLUMNS)[number];

/** Classes in the order of a column, `-` descends; without one, as the network has them. Without a value last. */
export function sortClasses(rows: readonly ClassRow[], sort: string, locale: string): readonly ClassRow[] {
  const column = CLASS_COLUMNS.find((each) => each === sort.replace(/^-/, ""));
  return column ? sortedBy(rows, (row) => row[column], sort.startsWith("-"), locale) : rows;
}

export interface ConfusedPair {
  truth: string;
  predicted: string;
  count: number;
  /** Of the samples of the true class. */
  share: number;
}

/** The cells off the diagonal with most samples. */
export function confusedPairs(
  matrix: readonly (readonly number[])[],
  labels: readonly string[],
  most: number,
): ConfusedPair[] {
  const pairs = matrix.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, predicted) =>
      truth === predicted || count === 0
        ? []
        : [{ truth: labels[truth] ?? "", predicted: labels[predicted] ?? "", count, share: count / total }],
    );
  });
  return pairs.sort((a, b) => b.count - a.count || b.share - a.share).slice(0, most);
}
