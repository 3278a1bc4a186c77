import { SvelteSet } from "svelte/reactivity";
import { getJson } from "../../api/client.ts";
import { type Resource, resource } from "../../api/resource.svelte.ts";
import { Rights } from "../../api/rights.svelte.ts";
import { runs } from "../../api/runs.svelte.ts";
import type { RunList, RunSummary } from "../../api/runs.ts";
import { route } from "../../shell/route.svelte.ts";
import { speech } from "../../text/catalogue.svelte.ts";
import { t } from "../../text/runs.ts";
import {
  columnOf,
  isKnown,
  metricNames,
  pinFirst,
  type RunColumn,
  readColumns,
  writeColumns,
} from "./columns.ts";
import { isLocal, meets, parseFilter, toQuery } from "./filter.ts";
import { firstRuns } from "./first.ts";
import {
  GROUPINGS,
  type Grouping,
  groupRuns,
  type RunRow,
  singleRow,
  sortGroups,
  sortRuns,
} from "./grouping.ts";

/** What the view Runs shows: the list of the service, as the hash says. */
export class RunsState {
  readonly list: Resource<RunList> = runs(firstRuns());
  readonly rights: Rights = new Rights();
  readonly open = new SvelteSet<string>();

  readonly all: readonly RunSummary[] = $derived(this.list.data?.items ?? []);
  readonly metrics: readonly string[] = $derived(metricNames(this.all));
  readonly sort: string = $derived(route.get("sort"));
  readonly group: Grouping | null = $derived(GROUPINGS.find((each) => each === route.get("group")) ?? null);
  readonly columns: readonly RunColumn[] = $derived(
    pinFirst(
      readColumns(route.get("columns")).map(({ id, width }) =>
        columnOf(id, width, titleOf(id), this.group !== null),
      ),
    ),
  );

  readonly #conditions = $derived(parseFilter(route.get("filter")));
  readonly #names = $derived(new Set(this.metrics));
  readonly #local = $derived(this.#conditions.filter((each) => isLocal(each, this.#names)));
  readonly #query = $derived(toQuery(this.#conditions.filter((each) => !isLocal(each, this.#names))));
  /** Ids of the runs that meet the conditions on their specs, which the service knows; specs never change. */
  readonly remote: Resource<ReadonlySet<string>> = resource((signal) => {
    const query = this.#query;
    void this.list.data?.total;
    return query && this.list.data ? fetchIds(query, signal) : null;
  });

  readonly filtered: readonly RunSummary[] = $derived.by(() => {
    const ids = this.#query ? (this.remote.data ?? new Set<string>()) : null;
    const starred = route.get("starred") === "true";
    return this.all.filter(
      (run) =>
        (!starred || run.star) && (!ids || ids.has(run.id)) && this.#local.every((each) => meets(run, each)),
    );
  });
  readonly rows: readonly RunRow[] = $derived.by(() => {
    const descending = this.sort.startsWith("-");
    const id = this.sort.replace(/^-/, "");
    const sorted = sortRuns(
      this.filtered,
      id ? columnOf(id, null, id) : undefined,
      descending,
      speech.locale,
    );
    if (!this.group) return sorted.map(singleRow);
    const grouped = groupRuns(sorted, this.group, this.columns, (key) => this.open.has(key));
    return id ? sortGroups(grouped, id, descending) : grouped;
  });

  readonly selectedIds: ReadonlySet<string> = $derived(
    new Set(route.get("select").split(",").filter(Boolean)),
  );
  readonly selected: readonly RunSummary[] = $derived(this.all.filter((run) => this.selectedIds.has(run.id)));
  /** Those of the selected whose tags the key of this tab may change. */
  readonly editable: readonly RunSummary[] = $derived(this.selected.filter((run) => this.mayEdit(run)));

  mayEdit(run: RunSummary): boolean {
    return this.rights.mayChange(run.owner, "run");
  }

  setColumns(columns: readonly { id: string; width: number | null }[]): void {
    route.set({ columns: writeColumns(columns) });
  }

  resize(id: string, width: number): void {
    this.setColumns(readColumns(route.get("columns")).map((each) => (each.id === id ? { id, width } : each)));
  }

  reorder(ids: readonly string[]): void {
    const known = readColumns(route.get("columns"));
    this.setColumns(ids.flatMap((id) => known.find((each) => each.id === id) ?? []));
  }

  toggle(ids: readonly string[], selected: boolean): void {
    const chosen = new Set(this.selectedIds);
    for (const id of ids) selected ? chosen.add(id) : chosen.delete(id);
    route.set({ select: [...chosen].join(",") });
  }
}

export function titleOf(id: string): string {
  return isKnown(id) ? t.column[id] : id;
}

async function fetchIds(query: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const found = await getJson<RunList>(`/experiments?${query}&fields=summary&limit=10000`, { signal });
  return new Set(found.items.map((run) => run.id));
}
