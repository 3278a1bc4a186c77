import { untrack } from "svelte";
import { answer, api } from "./client.ts";
import { connection } from "./connection.svelte.ts";
import { addEpoch, type History } from "./history.ts";
import { RELOAD, type Resource, resource } from "./resource.svelte.ts";

export type Histories = ReadonlyMap<string, History>;

const MAX_AT_ONCE = 4;

/**
 * The histories of some experiments, live. One that is unavailable, as after a deletion, is left out. Those that are
 * `over` do not change, and are fetched once.
 */
export function histories(
  ids: () => readonly string[],
  over: () => ReadonlySet<string> = () => new Set(),
): Resource<Histories> {
  const kept = new Map<string, History>();
  return resource<Histories>(
    (signal) => {
      const wanted = ids();
      return wanted.length ? fetchAll(wanted, untrack(over), signal) : null;
    },
    (data, event) => {
      if (event.kind === "reset" && data.has(event.data.experiment_id ?? "")) {
        kept.delete(event.data.experiment_id ?? "");
        return RELOAD;
      }
      if (event.kind !== "epoch") return data;
      const before = data.get(event.data.experiment_id);
      if (!before) return data;
      return new Map(data).set(event.data.experiment_id, addEpoch(before, event.data));
    },
  );

  async function fetchAll(
    wanted: readonly string[],
    ended: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Histories> {
    for (const id of kept.keys()) if (!ended.has(id)) kept.delete(id);
    await connection.first;
    const found = new Map<string, History>(kept);
    const waiting = wanted.filter((id) => !found.has(id));
    const fetchNext = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const path = { experiment_id: id };
        const history = await answer(
          api.GET("/experiments/{experiment_id}/history", { params: { path }, signal }),
        ).catch((thrown) => {
          if (thrown.status === 404) return undefined;
          throw thrown;
        });
        if (history) found.set(id, history as History);
        if (history && ended.has(id)) kept.set(id, history as History);
      }
    };
    await Promise.all(Array.from({ length: MAX_AT_ONCE }, fetchNext));
    // In the requested order, not in that of the answers.
    return new Map(wanted.flatMap((id) => (found.has(id) ? [[id, found.get(id) as History]] : [])));
  }
}
