import { request } from "./client.ts";
import type { ServiceEvent } from "./events.ts";
import { Stream } from "./stream.ts";

type Listener = (event: ServiceEvent) => void;

/** A list that takes longer holds up no other view. */
const POSITION_MS = 5_000;

/** The one stream of this tab. It is closed while the tab is hidden, and continues where it was. */
class Connection {
  /** Whether the service is away: true after a stream broke, until one is open. */
  away: boolean = $state(false);
  readonly #listeners = new Set<Listener>();
  readonly #first = Promise.withResolvers<void>();
  #wake: (() => void) | null = null;
  readonly #stream = new Stream({
    open: (since, signal) =>
      request(`/events${since ? `?since=${encodeURIComponent(since)}` : ""}`, {
        signal,
        headers: { accept: "text/event-stream" },
        cache: "no-store",
      }),
    onEvent: (event) => {
      for (const listener of [...this.#listeners]) listener(event);
      // Those who wait for the first stream fetch behind it, and miss nothing.
      if (event.kind === "ready" || event.kind === "reset") this.#first.resolve();
    },
    onConnection: (connected) => {
      this.away = !connected;
      if (!connected) this.#first.resolve();
    },
    pause: (ms, signal) => this.#pause(ms, signal),
  });

  /** Open the stream, once: from now on, or behind a position that becomes known in time, that of a list which is
   * fetched. */
  async open(position?: Promise<string>): Promise<void> {
    if (position) {
      const late = new Promise<string>((resolve) => setTimeout(() => resolve(""), POSITION_MS));
      this.#stream.beginBehind(await Promise.race([position, late]));
    }
    const follow = () => (document.hidden ? this.#stream.stop() : this.#stream.start());
    document.addEventListener("visibilitychange", follow);
    addEventListener("online", () => this.retry());
    follow();
  }

  /** Resolves when the first stream is ready or has failed: what is fetched then misses no event. */
  get first(): Promise<void> {
    return document.hidden ? Promise.resolve() : this.#first.promise;
  }

  /** Call `listener` with every event; returns how to stop that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Open the stream at once where the next try is waited for. */
  retry(): void {
    this.#wake?.();
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
      this.#wake = end;
    });
  }
}

export const connection = new Connection();
