import { getJson } from "./client.ts";
import { connection } from "./connection.svelte.ts";
import { type Resource, resource } from "./resource.svelte.ts";
import { applyToList, type RunList } from "./runs.ts";

const MAX_RUNS = 10_000;

/**
 * All experiments, newest first, as summaries: fetched once, changed by events. With `first`, so many of them come before
 * the others: reading thousands takes the browser a tenth of a second.
 */
export function runs(first = MAX_RUNS): Resource<RunList> {
  let limit = $state(first);
  const list = resource<RunList>((signal) => fetchRuns(limit, signal), applyToList);
  $effect(() => {
    if (list.data && list.data.items.length < list.data.total) limit = MAX_RUNS;
  });
  return list;
}

async function fetchRuns(limit: number, signal: AbortSignal): Promise<RunList> {
  await connection.first;
  const query = new URLSearchParams({ fields: "summary", limit: String(limit) });
  return getJson<RunList>(`/experiments?${query}`, { signal });
}
