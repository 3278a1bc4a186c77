/** An image as numbers: `data` has four bytes a pixel, row by row, as a canvas gives them. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

export const CHANNELS = ["red", "green", "blue"] as const;
export type Channel = (typeof CHANNELS)[number];

/** Part of an image, in pixels. */
export interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Whether all pixels are shades of gray, so that one number says each. */
export function isGray({ data }: Pixels): boolean {
  for (let at = 0; at < data.length; at += 4)
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  return true;
}

/** The part of an image around a point, at most `side` pixels wide and high, that lies inside of it. */
export function frameAround({ width, height }: Pixels, x: number, y: number, side: number): Frame {
  const [w, h] = [Math.min(side, width), Math.min(side, height)];
  const start = (center: number, size: number, whole: number) =>
    Math.min(Math.max(Math.round(center - size / 2), 0), whole - size);
  return { x: start(x, w, width), y: start(y, h, height), width: w, height: h };
}

/** Rows of numbers from 0 to 255. */
export function valuesIn(pixels: Pixels, frame: Frame, channel: Channel): number[][] {
  const offset = CHANNELS.indexOf(channel);
  return Array.from({ length: frame.height }, (_, row) =>
    Array.from({ length: frame.width }, (_, column) => {
      const at = ((frame.y + row) * pixels.width + frame.x + column) * 4 + offset;
      return pixels.data[at] ?? 0;
    }),
  );
}

/** Of all pixels of a channel. */
export function statisticsOf(pixels: Pixels, channel: Channel): { min: number; max: number; mean: number } {
  let [min, max, sum] = [255, 0, 0];
  for (let at = CHANNELS.indexOf(channel); at < pixels.data.length; at += 4) {
    const value = pixels.data[at] ?? 0;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { min, max, mean: sum / (pixels.data.length / 4) };
}
