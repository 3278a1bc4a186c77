import type { IconName } from "./icons.ts";

export interface Column {
  id: string;
  title: string;
  /** Shown in place of the title, where that is wider than the column. */
  icon?: IconName;
  /** Stays in sight when the table is scrolled sideways: the first columns only. */
  pinned?: boolean;
  /** Width in pixels. */
  width: number;
  /** Numbers are aligned at their end, and sorted downwards first. */
  numeric?: boolean;
  sortable?: boolean;
}

export const MIN_WIDTH = 48;
export const MAX_WIDTH = 800;

/** So many rows out of sight are drawn at either end. */
export const BEYOND = 8;

/**
 * The rows that are drawn: those in sight and some beyond, so that fast scrolling shows no gap. Wherever the table is
 * scrolled to, they are equally many.
 */
export function visibleRows(
  total: number,
  rowHeight: number,
  scrolled: number,
  height: number,
  beyond = BEYOND,
): [number, number] {
  const count = Math.min(total, Math.ceil(height / rowHeight) + 1 + 2 * beyond);
  const first = Math.max(0, Math.min(total - count, Math.floor(scrolled / rowHeight) - beyond));
  return [first, first + count];
}

/** A row that is in the document: the `index` that it stands for, and what it shows. */
export interface Drawn<Row> {
  readonly index: number;
  readonly row: Row;
}

/** So many rows change in one frame, with those in sight. */
export const AT_ONCE = 12;

/**
 * What the rows of the document show, by slot, when they stand for `range` of `rows`. Where many change at once, as by
 * fast scrolling or another filter, those out of `sight` keep what they showed `before`, unless `all` are wanted: nobody
 * sees them yet, and drawing them takes as long as drawing the others. Returns whether any did. What has not changed is
 * the object that it was `before`.
 */
export function drawRows<Row>(
  rows: readonly Row[],
  range: readonly [number, number],
  sight: readonly [number, number],
  before: readonly (Drawn<Row> | undefined)[],
  all: boolean,
): { drawn: Drawn<Row>[]; isLate: boolean } {
  const [first, end] = range;
  const slots = end - first;
  let changed = 0;
  for (let index = first; index < end; index++) if (before[index % slots]?.row !== rows[index]) changed += 1;
  const isSplit = !all && changed > AT_ONCE;
  let isLate = false;
  const drawn: Drawn<Row>[] = [];
  for (let index = first; index < end; index++) {
    const known = before[index % slots];
    const isLeft = isSplit && known !== undefined && (index < sight[0] || index >= sight[1]);
    const row = isLeft ? known.row : (rows[index] as Row);
    isLate ||= row !== rows[index];
    drawn.push(known?.index === index && known.row === row ? known : { index, row });
  }
  return { drawn, isLate };
}

const STEPS: Readonly<Record<string, (page: number, count: number) => number>> = {
  j: () => 1,
  ArrowDown: () => 1,
  k: () => -1,
  ArrowUp: () => -1,
  PageDown: (page) => page,
  PageUp: (page) => -page,
  Home: (_, count) => -count,
  End: (_, count) => count,
};

/** The row that a key leads to from row `active`, with room for `page` rows; null for keys that lead nowhere. */
export function rowAfter(key: string, active: number, count: number, page: number): number | null {
  const step = STEPS[key]?.(Math.max(1, Math.floor(page)), count);
  return step === undefined ? null : Math.min(Math.max(active + step, 0), count - 1);
}

/** How far a table is scrolled to have a row in sight: no further than needed. All are pixels but the row. */
export function scrollFor(row: number, rowHeight: number, scrolled: number, sight: number): number {
  const [top, end] = [row * rowHeight, (row + 1) * rowHeight];
  return top < scrolled ? top : Math.max(scrolled, end - sight);
}

/** The order after a click on a column: first as it is most useful, then reversed, then none. `-` descends. */
export function nextSort(sort: string, column: Column): string {
  const [first, second] = column.numeric ? [`-${column.id}`, column.id] : [column.id, `-${column.id}`];
  if (sort === first) return second;
  return sort === second ? "" : first;
}

export function sortOf(sort: string, id: string): "ascending" | "descending" | "none" {
  if (sort === id) return "ascending";
  return sort === `-${id}` ? "descending" : "none";
}

/** `ids` with `id` at the place of `target`. */
export function moved(ids: readonly string[], id: string, target: string): string[] {
  const to = ids.indexOf(target);
  if (to < 0 || !ids.includes(id)) return [...ids];
  const rest = ids.filter((each) => each !== id);
  rest.splice(to, 0, id);
  return rest;
}

/** Where each pinned column stays, in pixels from the left; null for those that scroll. */
export function pinnedAt(columns: readonly Column[], widths: readonly number[]): (number | null)[] {
  let left = 0;
  return columns.map((column, index) => {
    if (!column.pinned) return null;
    const at = left;
    left += widths[index] ?? 0;
    return at;
  });
}

export function clampWidth(width: number): number {
  return Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width)));
}

type Sortable = string | number | boolean | null | undefined;

const collators = new Map<string, Intl.Collator>();

/**
 * Items in the order of a value of theirs; those where it is missing, or NaN, come last in either direction. Thousands are
 * sorted while somebody waits: numbers need no collator, which alone takes longer to make than they take to be sorted.
 */
export function sortedBy<T>(
  items: readonly T[],
  value: (item: T) => Sortable,
  descending: boolean,
  locale: string,
): T[] {
  const known: { item: T; value: string | number | boolean }[] = [];
  const missing: T[] = [];
  let hasTexts = false;
  for (const item of items) {
    const found = value(item);
    if (isMissing(found)) missing.push(item);
    else {
      known.push({ item, value: found });
      hasTexts ||= typeof found === "string";
    }
  }
  const sign = descending ? -1 : 1;
  if (hasTexts) {
    const { compare } = collatorOf(locale);
    known.sort((a, b) => sign * compare(String(a.value), String(b.value)));
  } else known.sort((a, b) => sign * (Number(a.value) - Number(b.value)));
  return [...known.map(({ item }) => item), ...missing];
}

function collatorOf(locale: string): Intl.Collator {
  const collator = collators.get(locale) ?? new Intl.Collator(locale, { numeric: true });
  collators.set(locale, collator);
  return collator;
}

function isMissing(value: Sortable): value is null | undefined {
  return value === null || value === undefined || value === "" || Number.isNaN(value);
}
