import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../../api/runs.sample.ts";
import { isLocal, meets, parseFilter, toQuery } from "./filter.ts";

const RUN = runOf({
  name: "My run",
  tags: ["best"],
  metrics: { val_accuracy: 0.98 },
  epochs: 20,
  star: true,
});

function matches(text: string): boolean {
  return parseFilter(text).every((condition) => meets(RUN, condition));
}

test("conditions are read as they are typed", () => {
  assert.deepEqual(parseFilter('val_accuracy>=0.9 name="my run" plain "two words"'), [
    { field: "val_accuracy", operator: ">=", value: "0.9" },
    { field: "name", operator: "=", value: "my run" },
    { field: "", operator: "~", value: "plain" },
    { field: "", operator: "~", value: "two words" },
  ]);
  assert.deepEqual(parseFilter("  "), []);
});

test("conditions on fields of a summary are met or not", () => {
  for (const text of [
    "val_accuracy>0.97",
    "epochs=20",
    "star=true",
    "private=false",
    "tags=best",
    "tag=best",
    "my",
    "worker=null",
  ])
    assert.ok(matches(text), text);
  for (const text of [
    "val_accuracy>0.98",
    "epochs!=20",
    "tags=worst",
    "tags!=best",
    "other",
    "worker!=null",
    "loss<9",
  ])
    assert.ok(!matches(text), text);
});

test("times compare as times", () => {
  assert.ok(matches("created_at>2026-11-29T05:00:00Z"));
  assert.ok(!matches("created_at>2026-11-30"));
});

test("what a summary lacks is asked of the service", () => {
  const [condition] = parseFilter("training.optimizer.type=Adam");
  assert.ok(condition);
  assert.equal(isLocal(condition, new Set()), false);
  assert.equal(toQuery([condition]), "training.optimizer.type=Adam");
  assert.equal(toQuery(parseFilter("training.epochs>20")), "training.epochs>20");
});
