/** So few points are drawn as they are. */
const MAX_PLAIN = 1_000;

/**
 * Indices of the points of a line that are drawn: of those in one column of pixels the first, the lowest, the highest
 * and the last, between which the line looks the same. Of values that are not `shown`, a gap, one stays.
 */
export function thin(
  values: readonly (number | null)[],
  columnOf: (index: number) => number,
  shown: (value: number | null) => value is number,
): readonly number[] {
  if (values.length <= MAX_PLAIN) return values.map((_, index) => index);
  const kept: number[] = [];
  let place: number | null = null;
  let [first, low, high, last] = [0, 0, 0, 0];
  const end = () => {
    if (place !== null) kept.push(...new Set([first, low, high, last].sort((a, b) => a - b)));
  };
  values.forEach((value, index) => {
    const here = shown(value) ? Math.floor(columnOf(index)) : null;
    if (here === null || here !== place) {
      end();
      if (here === null && (index === 0 || shown(values[index - 1] ?? null))) kept.push(index);
      place = here;
      first = low = high = index;
    }
    if ((value ?? 0) < (values[low] ?? 0)) low = index;
    if ((value ?? 0) > (values[high] ?? 0)) high = index;
    last = index;
  });
  end();
  return kept;
}
