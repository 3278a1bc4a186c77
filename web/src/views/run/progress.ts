import type { Experiment } from "../../api/experiment.ts";

/** Epochs that are planned: the trainer says so, before that the spec. */
export function plannedEpochs(record: Experiment): number | null {
  if (record.progress?.epochs) return record.progress.epochs;
  const training = record.spec.training as { epochs?: unknown } | null | undefined;
  return typeof training?.epochs === "number" ? training.epochs : null;
}

/** How much of the training is done, 0 to 1: epochs, and steps of the current one; all of it while it is evaluated. */
export function shareDone(record: Experiment): number {
  if (record.progress && ["evaluating", "exporting"].includes(record.progress.phase)) return 1;
  const epochs = plannedEpochs(record);
  if (!epochs) return 0;
  const { step = 0, steps_per_epoch: steps = 0, epoch = 0 } = record.progress ?? {};
  const within = steps && epoch === record.epochs_completed ? step / steps : 0;
  return Math.min(1, (record.epochs_completed + within) / epochs);
}

const STAGES = 20;

/**
 * Changes when a diagnosis is worth asking for again: after each of the first epochs, later twenty times a run, and at
 * the end. null before the first epoch.
 */
export function judgedStage(record: Experiment | undefined): string | null {
  if (!record || record.status === "queued") return null;
  const done = record.epochs_completed;
  if (record.status !== "running") return done ? record.status : null;
  if (done === 0) return null;
  const every = Math.max(1, Math.floor((plannedEpochs(record) ?? 0) / STAGES));
  return done < 5 ? `epoch ${done}` : `stage ${Math.floor(done / every)}`;
}

/** A failure as a sentence: the service puts its type before it. */
export function failureSentence(error: { type: string; message: string }): string {
  const start = `${error.type}: `;
  const text = error.message.startsWith(start) ? error.message.slice(start.length) : error.message;
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
