import { request } from "./client.ts";
import { connection } from "./connection.svelte.ts";
import type { ServiceEvent } from "./events.ts";
import { applyToList, type RunList, type RunPage, runsPath } from "./runs.ts";

/** More than happens until a view is there. */
const MAX_EVENTS = 500;

/**
 * The start of the list, requested before the view that shows it is made and before the stream of events is open. It
 * begins behind the list; what it tells until the view listens is kept.
 */
class EarlyRuns {
  readonly limit: number;
  /** Where the list is in the stream, "" where that is unknown. */
  readonly position: Promise<string>;
  readonly #page: Promise<RunPage>;
  readonly #events: ServiceEvent[] = [];
  readonly #stop: () => void;
  /** Resolves when what has changed since is unknown. */
  readonly #outdated = Promise.withResolvers<null>();

  constructor(limit: number) {
    this.limit = limit;
    const answer = request(runsPath(limit), { headers: { accept: "application/json" } });
    this.position = answer.then(
      ({ headers }) => headers.get("last-event-id") ?? "",
      () => "",
    );
    this.#page = answer.then((response) => response.json());
    // Thrown where it is taken.
    this.#page.catch(() => undefined);
    this.#stop = connection.listen((event) => this.#receive(event));
  }

  /** The page as it is now; null if it is outdated, also while it has not come. Throws Problem. */
  async take(): Promise<RunPage | null> {
    try {
      const page = await Promise.race([this.#outdated.promise, this.#page]);
      return page && { ...page, ...this.#events.reduce<RunList>(applyToList, page) };
    } finally {
      this.#stop();
    }
  }

  #receive(event: ServiceEvent): void {
    this.#events.push(event);
    const isLost = event.kind === "reset" || (event.kind === "ready" && !event.data.resumed);
    if (!isLost && this.#events.length <= MAX_EVENTS) return;
    this.#outdated.resolve(null);
    this.#stop();
  }
}

let early: EarlyRuns | null = null;

/** Request the first `limit` runs now, for the list that is made next. Resolves to their position in the stream. */
export function requestRuns(limit: number): Promise<string> {
  early = new EarlyRuns(limit);
  return early.position;
}

/** What was requested with `requestRuns`, once; null if nothing was, with another limit, or if it is outdated. */
export async function takeRuns(limit: number): Promise<RunPage | null> {
  const found = early;
  early = null;
  return found?.limit === limit ? found.take() : null;
}
