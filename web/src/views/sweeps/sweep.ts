import type { Schema } from "../../api/client.ts";
import type { ServiceEvent } from "../../api/events.ts";
import type { Status } from "../../api/runs.ts";

export type Sweep = Schema<"SweepView">;
export type Trial = Schema<"TrialView">;
export type Listed = Schema<"SweepSummary">;

const LIVE: readonly Trial["status"][] = ["open", "queued", "running"];

/** Whether it waits or runs. */
export function isLive(trial: Trial): boolean {
  return LIVE.includes(trial.status);
}

export function hasEnded(sweep: { status: string }): boolean {
  return ["succeeded", "failed", "cancelled"].includes(sweep.status);
}

/** The list after an event; null where it has to be fetched again. */
export function applyToSweeps(list: readonly Listed[], event: ServiceEvent): readonly Listed[] | null {
  if (event.kind !== "sweep") return list;
  const { sweep_id: id, version, status, tried, planned, best_trial: number, best_value: value } = event.data;
  const known = list.find((each) => each.id === id);
  if (!known) return null;
  if (version <= known.version) return list;
  // What else the end changes, such as the conclusion, is not in the event; nor is the point of a first best trial.
  if (status !== known.status || (number !== null && !known.best)) return null;
  const best = known.best && number !== null ? { ...known.best, number, value } : known.best;
  return list.map((each) => (each === known ? { ...known, version, tried, planned, best } : each));
}

/** The sweep after an event; null where it has to be fetched again. */
export function applyToSweep(sweep: Sweep, event: ServiceEvent): Sweep | null {
  switch (event.kind) {
    case "sweep":
      return event.data.sweep_id === sweep.id && event.data.version > sweep.version ? null : sweep;
    case "status": {
      const { id, status, metrics, epochs_completed: epochs } = event.data;
      return change(sweep, id, (trial) => ({
        status: trialStatus(status, trial),
        value: metrics[sweep.metric] ?? trial.value,
        epochs: epochs ?? trial.epochs,
      }));
    }
    case "progress":
      // Comes several times a second: only the first says something that is shown.
      return change(sweep, event.data.experiment_id, ({ status }) =>
        status === "running" ? null : { status: "running" },
      );
    case "epoch": {
      const { experiment_id: id, epoch, metrics } = event.data;
      return change(sweep, id, (trial) => ({
        epochs: Math.max(trial.epochs, epoch + 1),
        value: sweep.metric === "val_accuracy" ? higher(trial.value, metrics[sweep.metric]) : trial.value,
      }));
    }
    default:
      return sweep;
  }
}

function change(sweep: Sweep, experiment: string, changed: (trial: Trial) => Partial<Trial> | null): Sweep {
  const at = sweep.trials.findIndex((trial) => trial.experiment_id === experiment && isLive(trial));
  const trial = sweep.trials[at];
  const changes = trial ? changed(trial) : null;
  return trial && changes ? { ...sweep, trials: sweep.trials.with(at, { ...trial, ...changes }) } : sweep;
}

/** Why one has ended, the sweep says soon after: an experiment that is cancelled may have been stopped early. */
function trialStatus(status: Status, trial: Trial): Trial["status"] {
  return status === "queued" || status === "running" ? status : trial.status;
}

function higher(known: number | null, value: number | null | undefined): number | null {
  if (value === null || value === undefined) return known;
  return known === null ? value : Math.max(known, value);
}

/** The experiment to use: the best training of the point with the best mean, or else that of the best trial. */
export function winnerOf(sweep: Sweep): string | null {
  return sweep.repeated[0]?.experiment_id ?? sweep.best?.experiment_id ?? null;
}

/** Whether it can be trained to its end: it was stopped early, failed or was cancelled. */
export function isResumable(sweep: Sweep, trial: Trial): boolean {
  const isOpen = sweep.status !== "failed" && sweep.status !== "cancelled" && !sweep.cancel_requested;
  const isStopped = ["pruned", "failed", "cancelled"].includes(trial.status);
  return isOpen && isStopped && trial.experiment_id !== null;
}

/** How many trials there are of each status, in the order in which they go through them. */
export function countsOf(sweep: Sweep): [Trial["status"], number][] {
  const order: Trial["status"][] = [
    "running",
    "queued",
    "open",
    "succeeded",
    "pruned",
    "failed",
    "cancelled",
    "deleted",
    "infeasible",
  ];
  return order.flatMap((status) => {
    const count = sweep.trials.filter((trial) => trial.status === status).length;
    return count ? [[status, count] as [Trial["status"], number]] : [];
  });
}

/** The status of a run that looks like that of a trial. */
export function lookOf(status: string): Status {
  switch (status) {
    case "running":
    case "succeeded":
    case "failed":
      return status;
    case "open":
    case "queued":
    case "paused":
      return "queued";
    default:
      return "cancelled";
  }
}
