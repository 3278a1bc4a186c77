interface Named {
  name: string;
  status: string;
  classes: readonly string[];
}

/** The datasets that a network of `dataset` can be evaluated on: those ready whose classes it all knows. */
export function evaluable<T extends Named>(
  datasets: readonly T[],
  dataset: string,
  labels: readonly string[],
): readonly T[] {
  const known = new Set(labels);
  return datasets.filter(
    ({ name, status, classes }) =>
      name !== dataset &&
      status === "ready" &&
      classes.length > 0 &&
      classes.every((each) => known.has(each)),
  );
}
