import { getJson, url } from "../../api/client.ts";
import { problemFrom } from "../../api/problem.ts";
import { givenLabel, relabel } from "../../api/relabel.ts";
import { type Resource, resource } from "../../api/resource.svelte.ts";
import { Rights } from "../../api/rights.svelte.ts";
import { toasts } from "../../parts/toasts.svelte.ts";
import { route } from "../../shell/route.svelte.ts";
import { t } from "../../text/run.ts";
import {
  classOfKey,
  type ErrorFilter,
  type Misclassified,
  readFilter,
  suspectsFirst,
  toQuery,
} from "./errors.ts";
import { readSplit } from "./splits.ts";
import type { Evaluation, RunState } from "./state.svelte.ts";

interface Found {
  items: readonly Misclassified[];
  total: number;
  /** How many of all are possibly mislabeled, where they come first. */
  suspects?: number;
}

export const PAGE = 60;
const MAX_LISTED = 1000;

/** The misclassified samples that the hash asks for, and the one that is looked at. */
export class ErrorsState {
  readonly #run: RunState;
  readonly rights: Rights = new Rights();
  readonly mayRelabel: boolean = $derived.by(() => this.rights.has("teach"));
  readonly filter: ErrorFilter = $derived(readFilter(route.query));
  readonly evaluation: Resource<Evaluation>;
  readonly list: Resource<Found>;
  limit: number = $state(PAGE);
  /** Labels that were given here, by the image's path. */
  given: Readonly<Record<string, string>> = $state.raw({});
  readonly items: readonly Misclassified[] = $derived.by(() => this.list.data?.items ?? []);
  readonly current: Misclassified | undefined = $derived.by(() => {
    const at = route.get("at");
    return this.items.find((item) => String(item.index) === at) ?? this.items[0];
  });
  readonly labels: readonly string[] = $derived.by(() => this.evaluation.data?.confusion_matrix.labels ?? []);

  constructor(run: RunState) {
    this.#run = run;
    this.evaluation = run.evaluation(() => readSplit(this.filter.split));
    this.list = resource((signal) => {
      const [filter, limit] = [this.filter, Math.min(MAX_LISTED, this.limit)];
      return run.hasResults ? this.#fetch(filter, limit, signal) : null;
    });
  }

  show(item: Misclassified | undefined): void {
    if (item && item !== this.current) route.set({ at: item.index });
  }

  step(by: number): void {
    const at = this.current ? this.items.indexOf(this.current) : -1;
    this.show(this.items[Math.min(Math.max(at + by, 0), this.items.length - 1)]);
  }

  /** Whether the key is that of a class; the current image is then labelled with it. */
  relabelByKey(key: string): boolean {
    const label = classOfKey(key, this.labels);
    if (label === null || !this.current || !this.mayRelabel) return false;
    void this.relabel(this.current, label);
    return true;
  }

  /** The label that a sample was given, here or before; its own where that was confirmed. */
  labelOf(item: Misclassified): string | null {
    return givenLabel(item, this.given[item.image ?? ""]);
  }

  /** Whether its label is possibly wrong, and was left as it is by nobody. */
  isSuspect(item: Misclassified): boolean {
    return item.suspect && this.labelOf(item) !== item.true.label;
  }

  /** Add the image of a sample with its right label to the corrections of its dataset. */
  async relabel(item: Misclassified, label: string): Promise<void> {
    const image = item.image;
    if (!image) return;
    const before = this.given;
    this.given = { ...before, [image]: label };
    try {
      const split = readSplit(this.filter.split);
      const { dataset } = await relabel({ experiment: this.#run.id, split, index: item.index }, label);
      toasts.show((label === item.true.label ? t.confirmedAs : t.relabeled)(label, dataset));
    } catch (thrown) {
      this.given = before;
      const problem = problemFrom(thrown);
      toasts.show(problem.detail || problem.title, "error");
    }
  }

  imageOf(item: Misclassified): string {
    return url(item.image ?? "");
  }

  async #fetch(filter: ErrorFilter, limit: number, signal: AbortSignal): Promise<Found> {
    const path = `/experiments/${encodeURIComponent(this.#run.id)}/mistakes`;
    const all = getJson<Found>(`${path}?${toQuery(filter, limit)}`, { signal });
    if (filter.order !== "suspect" || filter.onlySuspect) return all;
    const suspects = getJson<Found>(`${path}?${toQuery(filter, MAX_LISTED, true)}`, { signal });
    const [first, rest] = await Promise.all([suspects, all]);
    return {
      items: suspectsFirst(first.items, rest.items),
      total: rest.total,
      suspects: first.total,
    };
  }
}
