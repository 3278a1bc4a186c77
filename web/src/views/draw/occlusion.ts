/**
 * Where a network looks (occlusion sensitivity, Zeiler and Fergus 2014): a patch of background covers one place of the
 * image after the other, and one request asks for the answers to all of them.
 */
export interface Shape {
  height: number;
  width: number;
  channels: number;
}

/** A grid of patches. `stride` is also the size of a cell of the heat map. */
export interface Plan {
  patch: number;
  stride: number;
  columns: number;
  rows: number;
}

const MAX_CELLS = 14;
const MAX_BYTES = 6_000_000;

/** At most 14 x 14 patches, and as many bytes as a request may have. */
export function planPatches({ height, width, channels }: Shape): Plan {
  let stride = Math.max(1, Math.ceil(Math.max(height, width) / MAX_CELLS));
  for (;;) {
    const columns = Math.ceil(width / stride);
    const rows = Math.ceil(height / stride);
    const bytes = (columns * rows + 1) * height * width * channels;
    if (bytes <= MAX_BYTES || stride >= Math.max(height, width))
      return { patch: stride * 3, stride, columns, rows };
    stride += 1;
  }
}

/** The pixels of the image itself and then of each covered copy, row by row of the grid. */
export function coverAll(pixels: Uint8Array, shape: Shape, plan: Plan): Uint8Array {
  const paper = background(pixels, shape);
  const all = new Uint8Array((plan.rows * plan.columns + 1) * pixels.length);
  all.set(pixels);
  let at = pixels.length;
  for (let row = 0; row < plan.rows; row++)
    for (let column = 0; column < plan.columns; column++, at += pixels.length) {
      all.set(pixels, at);
      cover(all.subarray(at, at + pixels.length), shape, plan, row, column, paper);
    }
  return all;
}

function cover(
  image: Uint8Array,
  shape: Shape,
  plan: Plan,
  row: number,
  column: number,
  paper: number[],
): void {
  const margin = Math.floor((plan.patch - plan.stride) / 2);
  const [top, left] = [row * plan.stride - margin, column * plan.stride - margin];
  for (let y = Math.max(0, top); y < Math.min(shape.height, top + plan.patch); y++)
    for (let x = Math.max(0, left); x < Math.min(shape.width, left + plan.patch); x++)
      image.set(paper, (y * shape.width + x) * shape.channels);
}

/** For each channel the median of the pixels at the edge. */
export function background(pixels: Uint8Array, { height, width, channels }: Shape): number[] {
  return Array.from({ length: channels }, (_, channel) => {
    const edge: number[] = [];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        if (y === 0 || x === 0 || y === height - 1 || x === width - 1)
          edge.push(pixels[(y * width + x) * channels + channel] ?? 0);
    edge.sort((a, b) => a - b);
    return edge[edge.length >> 1] ?? 0;
  });
}

export interface HeatMap {
  plan: Plan;
  /** Of each cell, from -1 to 1: above 0 evidence for the class, below 0 evidence against it. */
  values: readonly number[];
  /** The probability of the class, and the lowest with one place covered. */
  probability: number;
  lowest: number;
}

const SMALLEST = 1e-6;

/** `probabilities` of one class: of the image, and of each covered copy. */
export function heatMap(probabilities: readonly number[], plan: Plan): HeatMap {
  const [probability = 0, ...covered] = probabilities;
  // Log-odds: an answer of 0.9999 that falls to 0.99 has lost more than the difference shows.
  const drops = covered.map((each) => logOdds(probability) - logOdds(each));
  const largest = Math.max(SMALLEST, ...drops.map(Math.abs));
  const values = drops.map((each) => each / largest);
  return { plan, values, probability, lowest: Math.min(probability, ...covered) };
}

function logOdds(probability: number): number {
  const inside = Math.min(1 - SMALLEST, Math.max(SMALLEST, probability));
  return Math.log(inside / (1 - inside));
}

/** A request of the Open Inference Protocol with binary tensors: `header` is the length of its JSON. */
export function encodeTensor(pixels: Uint8Array, count: number, shape: Shape) {
  const tensor = {
    name: "image",
    datatype: "UINT8",
    shape: [count, shape.height, shape.width, shape.channels],
    parameters: { binary_data_size: pixels.length },
  };
  const json = new TextEncoder().encode(JSON.stringify({ inputs: [tensor] }));
  const body = new Uint8Array(json.length + pixels.length);
  body.set(json);
  body.set(pixels, json.length);
  return { header: json.length, body };
}

/** The probabilities of class `index`, from a flat tensor of `count` rows. */
export function columnOf(data: readonly number[], count: number, index: number): number[] {
  const classes = data.length / count;
  return Array.from({ length: count }, (_, row) => data[row * classes + index] ?? 0);
}
