import { fitText, widthOf } from "./text.ts";

/** Counts by true class (row) and predicted class (column): a confusion matrix. */
export type Counts = readonly (readonly number[])[];

export interface Cell {
  row: number;
  column: number;
  count: number;
  /** Of the samples of the true class, 0 to 1; for a difference of matrices the difference of shares, -1 to 1. */
  share: number;
  x: number;
  y: number;
}

export interface MatrixGeometry {
  /** Width and height of a cell in pixels. */
  cell: number;
  left: number;
  top: number;
  width: number;
  height: number;
  /** Whether names of columns are. */
  isSlanted: boolean;
  /** Cells with a count; empty ones are not drawn. */
  cells: Cell[];
  /** The names of classes that there is room for, beside the rows and above the columns. */
  rows: Label[];
  columns: Label[];
  /** Whether counts fit into cells. */
  hasText: boolean;
}

export interface Label {
  at: number;
  text: string;
  full: string;
}

export const MAX_TEXT_CLASSES = 26;
const SMALLEST_CELL = 3;
const LABEL_PIXELS = 13;
const SLANTED_LABEL_PIXELS = 17;
const MAX_LABEL_PIXELS = 96;
const FEW_CLASSES = 4;

/** The geometry of a confusion matrix in a square as wide as `width`; null without classes. */
export function drawMatrix(matrix: Counts, labels: readonly string[], width: number): MatrixGeometry | null {
  return draw(matrix.map(toShares), matrix, labels, width);
}

/** The same for the difference of two matrices: positive where the second predicts that cell more often. */
export function drawDifference(
  first: Counts,
  second: Counts,
  labels: readonly string[],
  width: number,
): MatrixGeometry | null {
  const [before, after] = [first.map(toShares), second.map(toShares)];
  const shares = after.map((row, r) => row.map((share, c) => share - (before[r]?.[c] ?? 0)));
  const counts = second.map((row, r) => row.map((count, c) => count - (first[r]?.[c] ?? 0)));
  return draw(shares, counts, labels, width);
}

function draw(
  shares: readonly number[][],
  counts: Counts,
  labels: readonly string[],
  width: number,
): MatrixGeometry | null {
  const classes = counts.length;
  if (classes === 0) return null;
  const largest = classes <= FEW_CLASSES ? 72 : 44;
  const most = Math.min(MAX_LABEL_PIXELS, width / 4);
  const longest = Math.min(most, Math.max(...labels.map(widthOf), 8));
  const left = Math.round(18 + longest);
  const fit = (right: number) =>
    Math.max(SMALLEST_CELL, Math.min(largest, Math.floor((width - left - right) / classes)));
  // Names of columns that are wider than a cell are slanted, and lean over the edge.
  const isSlanted = longest > fit(2);
  const reach = Math.round(longest * Math.SQRT1_2);
  const right = isSlanted ? reach : 2;
  const cell = fit(classes > MAX_TEXT_CLASSES ? 2 : right);
  const top = isSlanted ? 24 + reach : 34;
  const cells: Cell[] = [];
  counts.forEach((row, r) => {
    row.forEach((count, c) => {
      const share = shares[r]?.[c] ?? 0;
      if (count !== 0 || share !== 0)
        cells.push({ row: r, column: c, count, share, x: left + c * cell, y: top + r * cell });
    });
  });
  const placed = (from: number, pixels: number) =>
    labels.flatMap((full, index) =>
      index % Math.ceil(pixels / cell) === 0
        ? [{ at: from + (index + 0.5) * cell, text: fitText(full, most), full }]
        : [],
    );
  return {
    cell,
    left,
    top,
    isSlanted,
    width: left + cell * classes + right,
    height: top + cell * classes + 2,
    cells,
    rows: placed(top, LABEL_PIXELS),
    columns: placed(left, isSlanted ? SLANTED_LABEL_PIXELS : LABEL_PIXELS),
    hasText: classes <= MAX_TEXT_CLASSES && cell >= 20,
  };
}

function toShares(row: readonly number[]): number[] {
  const sum = row.reduce((total, count) => total + count, 0);
  return row.map((count) => (sum ? count / sum : 0));
}

/** Even one sample of thousands is not white: shades begin at 8 %. */
export function shadePercent(share: number): number {
  return share === 0 ? 0 : Math.round(8 + 92 * Math.min(1, Math.abs(share)) ** 0.6);
}

/** The cell that an arrow key leads to. */
export function neighbour(
  row: number,
  column: number,
  key: string,
  classes: number,
): [number, number] | null {
  const steps: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const step = steps[key];
  if (!step) return null;
  const inside = (value: number) => Math.min(Math.max(value, 0), classes - 1);
  return [inside(row + step[0]), inside(column + step[1])];
}
