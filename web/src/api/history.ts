import type { ServiceEvent } from "./events.ts";

/** Metrics by epoch, as `GET /experiments/{id}/history` has them; null where a value was not finite. */
export interface History {
  epoch: readonly number[];
  history: Readonly<Record<string, readonly (number | null)[]>>;
  /** The duration of each epoch. */
  seconds: readonly number[];
  published_epoch: number | null;
}

/** The history with an epoch added, or replaced where a later attempt trained it again. */
export function addEpoch(known: History, event: Extract<ServiceEvent, { kind: "epoch" }>["data"]): History {
  const at = known.epoch.findIndex((epoch) => epoch >= event.epoch);
  const kept = at < 0 ? known.epoch.length : at;
  const names = new Set([...Object.keys(known.history), ...Object.keys(event.metrics)]);
  const history: Record<string, (number | null)[]> = {};
  for (const name of names) {
    const values = (known.history[name] ?? []).slice(0, kept);
    while (values.length < kept) values.push(null);
    history[name] = [...values, event.metrics[name] ?? null];
  }
  return {
    ...known,
    epoch: [...known.epoch.slice(0, kept), event.epoch],
    history,
    seconds: [...known.seconds.slice(0, kept), event.seconds],
  };
}

/** Seconds of training at the end of each epoch. */
export function elapsed({ seconds }: History): number[] {
  let sum = 0;
  return seconds.map((each) => {
    sum += each;
    return sum;
  });
}
