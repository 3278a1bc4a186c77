import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceEvent } from "./events.ts";
import { Stream, type StreamHost } from "./stream.ts";

/** A host that answers each opening with the next of `bodies`; without one, the service is away. */
function host(bodies: string[], stopAfter: number) {
  const seen = {
    since: [] as string[],
    events: [] as ServiceEvent[],
    connected: [] as boolean[],
    pauses: [] as number[],
  };
  const done = Promise.withResolvers<void>();
  const it: StreamHost = {
    async open(since) {
      seen.since.push(since);
      const body = bodies.shift();
      if (body === undefined) throw new TypeError("Failed to fetch");
      return new Response(body);
    },
    onEvent: (event) => seen.events.push(event),
    onConnection: (connected) => seen.connected.push(connected),
    async pause(ms) {
      seen.pauses.push(ms);
      if (seen.pauses.length === stopAfter) {
        stream.stop();
        done.resolve();
      }
    },
  };
  const stream = new Stream(it);
  stream.start();
  return { seen, done: done.promise };
}

test("a broken stream continues behind its position", async () => {
  const { seen, done } = host(
    ['id: 5\nevent: deleted\ndata: {"experiment_id": "a"}\n\n', "data: not json\n\n", ""],
    3,
  );
  await done;
  assert.deepEqual(seen.since, ["", "5", "5"]);
  assert.deepEqual(seen.events, [{ kind: "deleted", data: { experiment_id: "a" } }]);
  assert.deepEqual(seen.connected, [true, false, true, false, true, false]);
});

test("pauses grow while the service is away, up to a limit", async () => {
  const { seen, done } = host([], 8);
  await done;
  assert.deepEqual(seen.pauses, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  assert.ok(seen.connected.every((connected) => !connected));
});
