import type { Schema } from "./client.ts";
import type { ServiceEvent } from "./events.ts";

/** An experiment as `GET /experiments/{id}` has it. */
export type Experiment = Schema<"Record"> & {
  notes?: string;
  star?: boolean;
  parameters?: number | null;
};

/** Its duration as everywhere, from start to end; null before its end. */
export function secondsOf({
  started_at,
  ended_at,
}: Pick<Experiment, "started_at" | "ended_at">): number | null {
  return started_at && ended_at ? (Date.parse(ended_at) - Date.parse(started_at)) / 1000 : null;
}

/** The record after an event; null where it has to be fetched again. */
export function applyToRecord(record: Experiment, event: ServiceEvent): Experiment | null {
  if (event.kind === "status" && event.data.id === record.id)
    return event.data.version > record.version || event.data.status !== record.status ? null : record;
  if (event.kind === "deleted" || event.kind === "reset")
    return event.data.experiment_id === record.id ? null : record;
  if (event.kind === "progress" && event.data.experiment_id === record.id)
    return { ...record, progress: { ...record.progress, ...event.data.progress } as Experiment["progress"] };
  if (event.kind === "epoch" && event.data.experiment_id === record.id) {
    const completed = Math.max(record.epochs_completed, event.data.epoch + 1);
    return {
      ...record,
      ...bestOf(record, event.data),
      epochs_completed: completed,
      last_metrics: event.data.metrics,
    };
  }
  return record;
}

const DECIDING = "val_accuracy";

/** The best epoch is that with the highest validation accuracy; of equal ones, that with the lower validation loss. */
function bestOf(
  { best, best_metrics: before }: Experiment,
  { epoch, metrics }: { epoch: number; metrics: Record<string, number | null> },
): Partial<Experiment> {
  const value = metrics[DECIDING];
  if (value === null || value === undefined) return {};
  const isTie = best?.value === value && (metrics.val_loss ?? Infinity) < (before.val_loss ?? Infinity);
  if (best && value <= best.value && !isTie) return {};
  return { best: { epoch, metric: DECIDING, value }, best_metrics: metrics };
}
