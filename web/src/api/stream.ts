import type { ServiceEvent } from "./events.ts";
import { type Message, SseParser } from "./sse.ts";

export interface StreamHost {
  /** Open the stream behind a position ("" from now). Rejects where the service cannot be reached. */
  open(since: string, signal: AbortSignal): Promise<Response>;
  onEvent(event: ServiceEvent): void;
  /** Called with false when a stream breaks or cannot be opened, with true when one is open. */
  onConnection(connected: boolean): void;
  /** Resolves after `ms`, or when retrying is worth it at once. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** The service sends a comment after 15 s: without anything for longer than twice that, the connection is dead. */
const SILENCE_MS = 35_000;

/** The one stream of a tab: it is closed by `stop` and continues behind its position at `start`. */
export class Stream {
  readonly #host: StreamHost;
  #since = "";
  #running: AbortController | null = null;

  constructor(host: StreamHost) {
    this.#host = host;
  }

  /** Where to begin: what is told behind `position`. Called before `start`. */
  beginBehind(position: string): void {
    this.#since = position;
  }

  start(): void {
    if (this.#running) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.#read(signal, () => {
          pause = FIRST_PAUSE_MS;
        });
      } catch {
        // reported below: the stream is opened again after any error
      }
      if (signal.aborted) return;
      this.#host.onConnection(false);
      await this.#host.pause(pause, signal);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  }

  async #read(signal: AbortSignal, opened: () => void): Promise<void> {
    const dead = new AbortController();
    const response = await this.#host.open(this.#since, AbortSignal.any([signal, dead.signal]));
    if (!response.ok || !response.body) throw new TypeError(`no stream: ${response.status}`);
    opened();
    this.#host.onConnection(true);
    const parser = new SseParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let timer = setTimeout(() => dead.abort(), SILENCE_MS);
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => dead.abort(), SILENCE_MS);
        for (const message of parser.feed(value)) this.#receive(message);
      }
    } finally {
      clearTimeout(timer);
      await reader.cancel().catch(() => undefined);
    }
  }

  #receive(message: Message): void {
    if (message.id) this.#since = message.id;
    let data: unknown;
    try {
      data = JSON.parse(message.data);
    } catch {
      return;
    }
    this.#host.onEvent({ kind: message.event, data } as ServiceEvent);
  }
}
