/** What is drawn, in units of a board that is 280 high: independent of the size of the screen. */
export const HEIGHT = 280;
export const PENS = [8, 14, 20, 28, 38] as const;
export const PEN = 20;

export interface Point {
  x: number;
  y: number;
}
export interface Stroke {
  width: number;
  points: readonly Point[];
}

/** A row of digits needs a wider board than one. */
export function boardWidth(isRow: boolean): number {
  return isRow ? HEIGHT * 2.5 : HEIGHT;
}

/** The next pen, wider or thinner; the widest and the thinnest stay. */
export function nextPen(width: number, step: 1 | -1): number {
  const at = PENS.findIndex((each) => each >= width) + step;
  return PENS[Math.max(0, Math.min(PENS.length - 1, at))] ?? PEN;
}

/** Points closer than this to the last one add nothing that is seen. */
const MIN_STEP = 1.5;

export function extend(stroke: Stroke, points: readonly Point[]): Stroke {
  const added = [...stroke.points];
  for (const point of points) {
    const last = added.at(-1);
    if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= MIN_STEP) added.push(point);
  }
  return added.length === stroke.points.length ? stroke : { ...stroke, points: added };
}

export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void;
}

/** Trace a stroke as a smooth line through the middles of its points. A single point is a dot. */
export function trace(pen: Pen, { points }: Stroke): void {
  const [first, ...rest] = points;
  if (!first) return;
  pen.moveTo(first.x, first.y);
  rest.forEach((point, index) => {
    const next = rest[index + 1];
    if (next) pen.quadraticCurveTo(point.x, point.y, (point.x + next.x) / 2, (point.y + next.y) / 2);
    else pen.lineTo(point.x, point.y);
  });
  // a line of no length has round ends, too
  if (rest.length === 0) pen.lineTo(first.x, first.y);
}

/** Where something of `width` x `height` lies if it fills the board as far as it can without being cut. */
export function fit(width: number, height: number, board: { width: number; height: number }) {
  const scale = Math.min(board.width / width, board.height / height);
  const size = { width: width * scale, height: height * scale };
  return { x: (board.width - size.width) / 2, y: (board.height - size.height) / 2, ...size };
}
