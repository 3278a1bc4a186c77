/** 95 % interval of a share of `n` samples (Wilson 1927), which stays within 0 and 1 also for few samples. */
export function wilson(share: number, n: number): [number, number] | null {
  if (!(n > 0) || !(share >= 0 && share <= 1)) return null;
  const z = 1.959964;
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const middle = share + (z * z) / (2 * n);
  const scale = 1 + (z * z) / n;
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}
