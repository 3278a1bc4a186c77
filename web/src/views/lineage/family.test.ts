import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../../api/runs.sample.ts";
import { changesOf, familyOf, gainOf, type Lineage, type Step } from "./family.ts";

function step(id: string, changes: Partial<Step> = {}): Step {
  return {
    id,
    name: id,
    status: "succeeded",
    accuracy: 0.5,
    val_accuracy: 0.6,
    accuracy_gain: null,
    val_accuracy_gain: null,
    patch: null,
    changed: null,
    notes: "",
    ...changes,
  };
}

const LINEAGE: Lineage = {
  items: [step("a"), step("b", { accuracy_gain: 0.1, changed: "epochs: 3 -> 6; Dense added", notes: "why" })],
  summary: "",
  note: null,
  children: [{ id: "d", name: "d", status: "queued" }],
};

test("family is the lineage and what else came of it", () => {
  const runs = [runOf({ id: "c", based_on: "a", metrics: { test_accuracy: 0.7 } }), runOf({ id: "x" })];
  const { rows, path } = familyOf(LINEAGE, runs, "b", "test");
  assert.deepEqual(
    rows.map(({ id, column }) => [id, column]),
    [
      ["a", 0],
      ["c", 1],
      ["b", 0],
      ["d", 0],
    ],
  );
  assert.deepEqual(
    path.map(({ id }) => id),
    ["a", "b"],
  );
  assert.equal(rows[1]?.member.accuracy.test, 0.7);
});

test("steps say what they changed and gained", () => {
  const { path, rows } = familyOf(LINEAGE, [], "b", "test");
  const [, b] = path;
  assert.ok(b);
  assert.deepEqual([gainOf(b, "test"), gainOf(b, "validation"), b.notes], [0.1, null, "why"]);
  assert.deepEqual(changesOf(b), ["epochs: 3 -> 6", "Dense added"]);
  const d = rows.at(-1)?.member ?? assert.fail();
  assert.deepEqual([gainOf(d, "test"), changesOf(d)], [null, []]);
});
