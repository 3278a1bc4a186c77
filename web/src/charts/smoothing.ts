type Value = number | null;

/**
 * Exponential moving average, divided by the weight that has been seen so far, so that the first values are not drawn
 * towards 0 (Kingma and Ba 2015, section 3). `weight` is in [0, 1): 0 is the values themselves. Gaps stay gaps.
 */
export function smooth(values: readonly Value[], weight: number): Value[] {
  if (weight <= 0) return [...values];
  let mean = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    mean = weight * mean + (1 - weight) * value;
    seen = weight * seen + (1 - weight);
    return mean / seen;
  });
}
