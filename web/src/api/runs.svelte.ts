import { getJson } from "./client.ts";
import { connection } from "./connection.svelte.ts";
import { takeRuns } from "./early-runs.ts";
import { type Resource, resource } from "./resource.svelte.ts";
import { applyToList, MAX_RUNS, type RunList, type RunPage, type RunSummary, runsPath } from "./runs.ts";

const PATIENCE_MS = 1_000;

/** All experiments, newest first, as summaries: fetched once, changed by events. With `first`, so many come before the
 * others, which are fetched when these are drawn. */
export function runs(first = MAX_RUNS): Resource<RunList> {
  let limit = $state(first);
  const list = resource<RunList>((signal) => fetchRuns(limit, signal), applyToList);
  $effect(() => {
    if (limit < MAX_RUNS && list.data && list.data.items.length < list.data.total)
      return whenIdle(() => {
        limit = MAX_RUNS;
      });
  });
  return list;
}

async function fetchRuns(limit: number, signal: AbortSignal): Promise<RunList> {
  let page = await takeRuns(limit);
  if (page === null) {
    await connection.first;
    page = await getJson<RunPage>(runsPath(limit), { signal });
  }
  const items: RunSummary[] = [...page.items];
  while (page.next_cursor && items.length < limit) {
    page = await getJson<RunPage>(runsPath(limit, page.next_cursor), { signal });
    for (const run of page.items) items.push(run);
  }
  return { items, total: page.total };
}

/** Call `act` when the browser has nothing else to do; returns how to prevent that. */
function whenIdle(act: () => void): () => void {
  if (!("requestIdleCallback" in window)) {
    const timer = setTimeout(act, PATIENCE_MS);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(act, { timeout: PATIENCE_MS });
  return () => cancelIdleCallback(handle);
}
