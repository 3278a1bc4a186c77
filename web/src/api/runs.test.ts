import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "./runs.sample.ts";
import { applyToList, type RunList } from "./runs.ts";

const LIST: RunList = { items: [runOf(), runOf({ id: "b", version: 5 })], total: 2 };
const epoch = (number: number) =>
  ({
    kind: "epoch",
    data: { experiment_id: "a", epoch: number, seconds: 1, metrics: { val_accuracy: 0.3 } },
  }) as const;

test("a new experiment comes first, a known one stays in its place", () => {
  const added = applyToList(LIST, { kind: "status", data: runOf({ id: "c" }) });
  assert.deepEqual([added.items.map((run) => run.id), added.total], [["c", "a", "b"], 3]);
  const changed = applyToList(LIST, { kind: "status", data: runOf({ id: "b", version: 6, name: "new" }) });
  assert.deepEqual([changed.items[1]?.name, changed.total], ["new", 2]);
});

test("an event that is older than the list changes nothing", () => {
  assert.equal(
    applyToList(LIST, { kind: "status", data: runOf({ id: "b", version: 4, name: "old" }) }),
    LIST,
  );
  assert.equal(applyToList(LIST, { kind: "deleted", data: { experiment_id: "none" } }), LIST);
  assert.equal(applyToList(LIST, { kind: "progress", data: { experiment_id: "none" } as never }), LIST);
});

test("an epoch extends the sparkline once", () => {
  const once = applyToList(LIST, epoch(2));
  assert.deepEqual(once.items[0]?.sparkline?.values, [0.1, 0.2, 0.3]);
  assert.deepEqual(applyToList(once, epoch(2)).items[0]?.sparkline?.values, [0.1, 0.2, 0.3]);
  assert.equal(once.items[0]?.epochs_completed, 3);
});

test("a sparkline stays short and keeps its last value", () => {
  let list = LIST;
  for (let number = 2; number < 200; number++) list = applyToList(list, epoch(number));
  const values = list.items[0]?.sparkline?.values ?? [];
  assert.ok(values.length > 8 && values.length <= 32);
  assert.equal(values.at(-1), 0.3);
});

test("a deleted experiment is gone", () => {
  const left = applyToList(LIST, { kind: "deleted", data: { experiment_id: "a" } });
  assert.deepEqual([left.items.map((run) => run.id), left.total], [["b"], 1]);
});
