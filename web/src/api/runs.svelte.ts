import { getJson } from "./client.ts";
import { connection } from "./connection.svelte.ts";
import { type Resource, resource } from "./resource.svelte.ts";
import { applyToList, type RunList, type RunSummary } from "./runs.ts";

const MAX_RUNS = 10_000;
const PAGE = 1_000;

/** All experiments, newest first, as summaries: fetched once, changed by events. With `first`, so many come before the others. */
export function runs(first = MAX_RUNS): Resource<RunList> {
  let limit = $state(first);
  const list = resource<RunList>((signal) => fetchRuns(limit, signal), applyToList);
  $effect(() => {
    if (list.data && list.data.items.length < list.data.total) limit = MAX_RUNS;
  });
  return list;
}

interface Page extends RunList {
  next_cursor: string | null;
}

/** A page after the other: reading thousands at once would block the browser for a tenth of a second. */
async function fetchRuns(limit: number, signal: AbortSignal): Promise<RunList> {
  await connection.first;
  const items: RunSummary[] = [];
  let page: Page | undefined;
  do {
    page = await fetchPage(Math.min(limit, PAGE), page?.next_cursor ?? null, signal);
    for (const run of page.items) items.push(run);
  } while (page.next_cursor && items.length < limit);
  return { items, total: page.total };
}

function fetchPage(limit: number, cursor: string | null, signal: AbortSignal): Promise<Page> {
  const query = new URLSearchParams({ fields: "summary", limit: String(limit) });
  if (cursor) query.set("cursor", cursor);
  return getJson<Page>(`/experiments?${query}`, { signal });
}
