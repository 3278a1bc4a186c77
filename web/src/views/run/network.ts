export interface Layer {
  name: string;
  type: string;
  /** Without the batch. */
  output_shape: readonly number[];
  parameters: number;
}

export interface LayerRow extends Layer {
  /** Multiply-adds for one sample: each weight once for every position at which it is applied. */
  cost: number;
  parameterShare: number;
  costShare: number;
  /** The drawn block: sides of its face and its depth, in pixels. */
  block: { side: number; depth: number };
}

/** The layers with their shares of parameters and of multiply-adds, and the blocks that represent them. */
export function layerRows(layers: readonly Layer[]): LayerRow[] {
  const costs = layers.map(costOf);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const [parameters, cost] = [sum(layers.map((layer) => layer.parameters)), sum(costs)];
  const widest = Math.max(...layers.map((layer) => sideOf(layer.output_shape)), 1);
  return layers.map((layer, index) => ({
    ...layer,
    cost: costs[index] ?? 0,
    parameterShare: parameters ? layer.parameters / parameters : 0,
    costShare: cost ? (costs[index] ?? 0) / cost : 0,
    block: blockOf(layer.output_shape, widest),
  }));
}

/** Normalization has as many parameters as it applies per position; others apply all weights at each position. */
function costOf({ output_shape: shape, parameters }: Layer): number {
  const positions = shape.length >= 3 ? shape.slice(0, -1).reduce((product, size) => product * size, 1) : 1;
  return parameters * positions;
}

const FACE = 26;

function sideOf(shape: readonly number[]): number {
  return shape.length >= 3 ? Math.max(shape[0] ?? 1, shape[1] ?? 1) : 1;
}

/** Images are blocks: the face is as large as the image, the depth grows with the logarithm of the channels. */
function blockOf(shape: readonly number[], widest: number): { side: number; depth: number } {
  const depth = Math.round(3 + 3 * Math.log2(Math.max(1, shape.at(-1) ?? 1)));
  if (shape.length < 3) return { side: 4, depth: Math.min(44, depth) };
  return {
    side: Math.max(4, Math.round(FACE * Math.sqrt(sideOf(shape) / widest))),
    depth: Math.min(36, depth),
  };
}

export function shapeText(shape: readonly number[]): string {
  return shape.length ? shape.join(" × ") : "1";
}
