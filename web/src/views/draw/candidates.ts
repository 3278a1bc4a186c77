import type { RunSummary } from "../../api/runs.ts";

/** Runs that can answer what is drawn for a dataset: those on it first, the best of each first. */
export interface Candidates {
  own: readonly RunSummary[];
  other: readonly RunSummary[];
}

const METRIC = "val_accuracy";

/** `classes`: those of each dataset. Runs of other datasets with the same classes can answer as well. */
export function candidates(
  runs: readonly RunSummary[],
  dataset: string,
  classes: ReadonlyMap<string, readonly string[]>,
): Candidates {
  const wanted = classes.get(dataset)?.join("\n");
  const trained = runs
    .filter((run) => run.status === "succeeded")
    .sort((a, b) => (b.metrics[METRIC] ?? -1) - (a.metrics[METRIC] ?? -1));
  return {
    own: trained.filter((run) => run.dataset === dataset),
    other: trained.filter(
      (run) =>
        run.dataset !== dataset && wanted !== undefined && classes.get(run.dataset)?.join("\n") === wanted,
    ),
  };
}
