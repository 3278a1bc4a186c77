import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts, keyOf, queryOf, type Start, startOf } from "./drafts.ts";

class Memory {
  readonly #kept = new Map<string, string>();
  get length(): number {
    return this.#kept.size;
  }
  key(index: number): string | null {
    return [...this.#kept.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#kept.set(key, value);
  }
  removeItem(key: string): void {
    this.#kept.delete(key);
  }
}
const PRESET: Start = { kind: "preset", preset: "mnist-cnn", dataset: "" };
const OWN: Start = { kind: "own", id: "1" };

test("a query names a start", () => {
  assert.deepEqual(startOf(new URLSearchParams("preset=mnist-cnn")), PRESET);
  assert.deepEqual(startOf(new URLSearchParams("from=01K6")), { kind: "run", id: "01K6" });
  assert.deepEqual(startOf(new URLSearchParams("continue=01K6")), { kind: "end", id: "01K6" });
  assert.deepEqual(queryOf({ kind: "end", id: "01K6" }), { continue: "01K6" });
  assert.deepEqual(startOf(new URLSearchParams("own=1")), OWN);
  assert.equal(startOf(new URLSearchParams("dataset=mnist")), null);
});

test("what a start changes is in its query", () => {
  const start: Start = { kind: "run", id: "01K6", search: true, tune: true, add: ["a", "b"] };
  assert.equal(keyOf(start), "from=01K6&search=true&tune=true&add=a&add=b");
  assert.deepEqual(startOf(new URLSearchParams(keyOf(start))), start);
  assert.equal(keyOf(PRESET), "preset=mnist-cnn");
});

test("a draft is kept until it equals its origin", () => {
  const drafts = new Drafts(new Memory());
  drafts.put(PRESET, { text: "b", origin: "a" });
  assert.equal(drafts.get(PRESET)?.text, "b");
  assert.deepEqual(
    drafts.list().map((each) => each.start),
    [PRESET],
  );
  drafts.put(PRESET, { text: "a", origin: "a" });
  assert.equal(drafts.get(PRESET), null);
});

test("a draft is kept for what was chosen to be private", () => {
  const drafts = new Drafts(new Memory());
  drafts.put(PRESET, { text: "a", origin: "a", private: false });
  assert.equal(drafts.get(PRESET)?.private, false);
  drafts.put(PRESET, { text: "a", origin: "a", private: undefined });
  assert.equal(drafts.get(PRESET), null);
});

test("a document of one's own is always kept", () => {
  const drafts = new Drafts(new Memory());
  drafts.put(OWN, { text: "a", origin: "a" });
  assert.equal(drafts.get(OWN)?.text, "a");
  drafts.remove(OWN);
  assert.deepEqual(drafts.list(), []);
});

test("no storage, or nonsense in it, is no draft", () => {
  assert.equal(new Drafts(null).get(OWN), null);
  const memory = new Memory();
  memory.setItem("trainyard.new:own=1", "{");
  assert.equal(new Drafts(memory).get(OWN), null);
  assert.deepEqual(new Drafts(memory).list(), []);
});
