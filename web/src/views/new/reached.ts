import type { RunSummary } from "../../api/runs.ts";

/** What a preset reached in a run of this service. */
export interface Reached {
  score: number;
  seconds: number | null;
}

/** The accuracy of a run: on the test split, else on the validation split. */
export function scoreOf(run: RunSummary): number | null {
  return run.metrics.test_accuracy ?? run.metrics.val_accuracy ?? null;
}

/** What the best run of a preset reached on a dataset. */
export function reachedBy(runs: readonly RunSummary[], preset: string, dataset: string): Reached | undefined {
  let best: Reached | undefined;
  for (const run of runs) {
    const score = scoreOf(run);
    if (run.status !== "succeeded" || run.preset !== preset || run.dataset !== dataset || score === null)
      continue;
    if (score > (best?.score ?? -1)) best = { score, seconds: run.seconds };
  }
  return best;
}
