import type { Schema } from "../../api/client.ts";

/** A misclassified sample. */
export type Misclassified = Schema<"Misclassified">;

export const ORDERS = ["suspect", "-confidence", "margin", "pair", "index"] as const;
export type Order = (typeof ORDERS)[number];

/** Which errors are shown, as the hash says. */
export interface ErrorFilter {
  split: string;
  truth: string;
  predicted: string;
  onlySuspect: boolean;
  order: Order;
}

export function readFilter(query: URLSearchParams): ErrorFilter {
  const split = query.get("split") ?? "";
  return {
    split: ["test", "validation", "training"].includes(split) ? split : "test",
    truth: query.get("true") ?? "",
    predicted: query.get("predicted") ?? "",
    onlySuspect: query.get("suspect") === "true",
    order: ORDERS.find((each) => each === query.get("order")) ?? "suspect",
  };
}

/** The query of `GET /experiments/{id}/mistakes`. */
export function toQuery(filter: ErrorFilter, limit: number, onlySuspect = filter.onlySuspect): string {
  const query = new URLSearchParams({ split: filter.split, limit: String(limit) });
  if (filter.truth) query.set("true", filter.truth);
  if (filter.predicted) query.set("predicted", filter.predicted);
  if (onlySuspect) query.set("suspect", "true");
  query.set("sort", filter.order === "suspect" ? "-confidence" : filter.order);
  return query.toString();
}

/** The suspects, then the others, each once. */
export function suspectsFirst<T extends { index: number }>(suspects: readonly T[], all: readonly T[]): T[] {
  const known = new Set(suspects.map((each) => each.index));
  return [...suspects, ...all.filter((each) => !known.has(each.index))];
}

/** The class of a key: the one of that name, else the one at that position if names are longer and at most ten. */
export function classOfKey(key: string, labels: readonly string[]): string | null {
  if (labels.includes(key)) return key;
  const single = labels.some((label) => [...label].length === 1);
  if (single || labels.length > 10 || !/^[0-9]$/.test(key)) return null;
  return labels[Number(key)] ?? null;
}

/** The keys of the classes, in their order; "" for those without. */
export function keysOf(labels: readonly string[]): string[] {
  return labels.map((label, index) => {
    const own = [...label].length === 1 ? label : String(index);
    return classOfKey(own, labels) === label ? own : "";
  });
}
