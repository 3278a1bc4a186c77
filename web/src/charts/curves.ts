import { elapsed, type History } from "../api/history.ts";
import type { Series } from "./line.ts";

/** More lines than this cannot be distinguished; the newest selected are drawn. */
export const MAX_CURVES = 24;

const ORDER = ["val_accuracy", "val_loss", "accuracy", "loss", "learning_rate"];

/** Metrics that any of the histories has, validation first: one chart for each. */
export function curveNames(histories: ReadonlyMap<string, History>): string[] {
  const names = new Set<string>();
  for (const { history } of histories.values())
    for (const [name, values] of Object.entries(history))
      if (values.some((value) => value !== null)) names.add(name);
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en"));
}

/** One line per run, in the colour of its place in the selection; by epoch, or by seconds of training. */
export function curvesOf(
  metric: string,
  runs: readonly { id: string; name: string }[],
  histories: ReadonlyMap<string, History>,
  bySeconds: boolean,
): Series[] {
  return runs.flatMap((run, index) => {
    const history = histories.get(run.id);
    const y = history?.history[metric];
    if (!history || !y?.length) return [];
    const x = bySeconds ? elapsed(history) : history.epoch;
    return [{ id: run.id, name: run.name, x, y, color: index }];
  });
}
