import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../../api/runs.sample.ts";
import { flatten } from "../../api/specs.ts";
import { byImportance, importance, metricDimensions, varyingFields } from "./varying.ts";

const RUNS = [runOf({ id: "a", metrics: { f1: 1 } }), runOf({ id: "b", metrics: { f1: Number.NaN } })];
const dimension = (values: (string | number | null)[]) => ({ id: "", title: "", values });

test("only fields that differ are axes", () => {
  const specs = new Map([
    ["a", flatten({ training: { epochs: 3, batch_size: 8, optimizer: { type: "Adam" } } })],
    ["b", flatten({ training: { epochs: 3, batch_size: 9 } })],
  ]);
  assert.deepEqual(
    varyingFields(RUNS, specs).map(({ id, values }) => [id, values]),
    [["training.batch_size", [8, 9]]],
  );
  assert.deepEqual(varyingFields(RUNS, new Map()), []);
});

test("metrics without a number are no axes", () => {
  assert.deepEqual(
    metricDimensions(RUNS, ["f1", "loss"]).map((each) => each.id),
    ["f1"],
  );
});

test("what decides a metric explains all of it, what does not none", () => {
  const metric = dimension([1, 1, 2, 2]);
  assert.equal(importance(dimension(["a", "a", "b", "b"]), metric), 1);
  assert.equal(importance(dimension(["a", "b", "a", "b"]), metric), 0);
  assert.equal(importance(dimension([1, 1, 5, 5]), metric), 1);
  assert.equal(importance(dimension([1, 2, 1, 2]), metric), 0);
});

test("the fields that explain most come first", () => {
  const metric = dimension([1, 1, 2, 2]);
  const [all, none, unknown] = [
    ["a", "a", "b", "b"],
    ["a", "b", "a", "b"],
    ["a", null, null, "b"],
  ].map(dimension);
  assert.ok(all && none && unknown);
  assert.deepEqual(byImportance([unknown, none, all], metric), [all, none, unknown]);
});

test("too few runs, or equal ones, say nothing", () => {
  assert.equal(importance(dimension([1, 2, null]), dimension([1, 2, 3])), null);
  assert.equal(importance(dimension(["a", "a", "b", "b"]), dimension([1, 1, 1, 1])), null);
  assert.equal(importance(dimension([1, 2, 3, 4]), dimension([1, 1, 1, 1])), 0);
});
