const KINDS: readonly [RegExp, number][] = [
  [/Conv/, 0],
  [/Dense/, 1],
  [/Pooling|Cropping|UpSampling|ZeroPadding/, 5],
  [/Normalization|Rescaling/, 2],
  [/Dropout|Noise/, 4],
  [/Residual|Add|Concatenate|Average|Multiply|Maximum/, 6],
  [/Activation|ReLU|ELU|Softmax/, 3],
];

/** The colour, from 0 to 7, of a type of layer: layers that do alike look alike. */
export function kindOf(type: string): number {
  return KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? 7;
}
