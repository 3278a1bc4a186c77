import { isAbort } from "./client.ts";
import { connection } from "./connection.svelte.ts";
import type { ServiceEvent } from "./events.ts";
import { type Problem, problemFrom } from "./problem.ts";

/** Returned by `apply`: what is known cannot be changed by the event; fetch it again. */
export const RELOAD = Symbol("reload");

/** Something of the service: fetched once, changed by events, fetched again where events may have been missed. */
export interface Resource<T> {
  /** The last that is known, also while it is fetched again and while the service is away. */
  readonly data: T | undefined;
  /** Why the last fetch failed. */
  readonly error: Problem | undefined;
  readonly loading: boolean;
  reload(): void;
  /** Change what is known, as after an answer to PATCH. */
  set(data: T): void;
}

/**
 * A resource that lives as long as the component, or effect, that makes it. `load` is called again when a rune that it
 * reads before its first `await` changes; null from it means nothing to fetch. `apply` returns the data
 * after an event: the same object if the event does not concern it, never a changed one.
 */
export function resource<T>(
  load: (signal: AbortSignal) => Promise<T> | null,
  apply: (data: T, event: ServiceEvent) => T | typeof RELOAD = (data) => data,
): Resource<T> {
  const state = new State(load, apply);
  $effect(() => state.follow());
  return state;
}

class State<T> implements Resource<T> {
  data: T | undefined = $state.raw();
  error: Problem | undefined = $state.raw();
  loading: boolean = $state(true);
  #asked: number = $state(0);
  #early: ServiceEvent[] | null = null;
  readonly #load: (signal: AbortSignal) => Promise<T> | null;
  readonly #apply: (data: T, event: ServiceEvent) => T | typeof RELOAD;

  constructor(
    load: (signal: AbortSignal) => Promise<T> | null,
    apply: (data: T, event: ServiceEvent) => T | typeof RELOAD,
  ) {
    this.#load = load;
    this.#apply = apply;
  }

  reload(): void {
    this.#asked += 1;
  }

  set(data: T): void {
    this.data = data;
    this.error = undefined;
  }

  follow(): () => void {
    void this.#asked;
    const abort = new AbortController();
    const stop = connection.listen((event) => this.#receive(event));
    // Events that come while it is fetched may be newer than the answer: they are applied to it.
    this.#early = [];
    const fetched = this.#load(abort.signal);
    if (fetched === null) {
      this.#early = null;
      this.loading = false;
    } else {
      this.loading = true;
      fetched.then(
        (data) => abort.signal.aborted || this.#succeed(data),
        (thrown) => abort.signal.aborted || isAbort(thrown) || this.#fail(thrown),
      );
    }
    return () => {
      stop();
      abort.abort();
    };
  }

  #succeed(data: T): void {
    const early = this.#early ?? [];
    this.#early = null;
    this.data = data;
    this.error = undefined;
    this.loading = false;
    for (const event of early) this.#change(event);
    if (early.some(isLost)) this.reload();
  }

  #fail(thrown: unknown): void {
    this.#early = null;
    this.error = problemFrom(thrown);
    this.loading = false;
  }

  #receive(event: ServiceEvent): void {
    if (this.#early) this.#early.push(event);
    else if (event.kind === "ready" && (!event.data.resumed || this.error?.isAway)) this.reload();
    else if (isLost(event)) this.reload();
    else this.#change(event);
  }

  #change(event: ServiceEvent): void {
    if (this.data === undefined) return;
    const changed = this.#apply(this.data, event);
    if (changed === RELOAD) this.reload();
    else if (changed !== this.data) this.data = changed;
  }
}

/** Whether anything may have changed. */
const isLost = (event: ServiceEvent) => event.kind === "reset" && event.data.experiment_id === null;
