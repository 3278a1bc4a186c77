import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../../api/runs.sample.ts";
import { columnOf } from "./columns.ts";
import { groupRuns, meanOf, sortGroups, sortRuns } from "./grouping.ts";

const ACCURACY = columnOf("val_accuracy", null, "val_accuracy");
const RUNS = [
  runOf({ id: "a", dataset: "mnist", metrics: { val_accuracy: 0.9 }, tags: ["x", "y"] }),
  runOf({ id: "b", dataset: "digits", metrics: { val_accuracy: 0.5 } }),
  runOf({ id: "c", dataset: "mnist", metrics: { val_accuracy: 0.8 }, tags: ["x"] }),
  runOf({ id: "d", dataset: "mnist", metrics: { val_accuracy: null } }),
];

test("repeats are called as their first run", () => {
  const runs = [
    runOf({ name: "a", group: "01K6" }),
    runOf({ name: "a", group: "01K6" }),
    runOf({ name: "b" }),
  ];
  const rows = groupRuns(runs, "group", [], () => false);
  assert.deepEqual(
    rows.map((row) => row.kind === "group" && [row.key, row.label, row.runs.length]),
    [
      ["01K6", "a", 2],
      ["", "", 1],
    ],
  );
});

test("mean and standard deviation are those of the sample", () => {
  const { mean, sd, n } = meanOf([1, 2, 3, 4, null, Number.NaN]) ?? { mean: 0, sd: 0, n: 0 };
  assert.deepEqual([mean, n], [2.5, 4]);
  assert.ok(Math.abs((sd ?? 0) - Math.sqrt(5 / 3)) < 1e-12);
  assert.deepEqual(meanOf([7]), { mean: 7, sd: null, n: 1 });
  assert.equal(meanOf([null, "a"]), null);
});

test("runs without a value come last in either direction", () => {
  const ids = (descending: boolean) => sortRuns(RUNS, ACCURACY, descending, "en").map((run) => run.id);
  assert.deepEqual(ids(true), ["a", "c", "b", "d"]);
  assert.deepEqual(ids(false), ["b", "c", "a", "d"]);
  assert.equal(sortRuns(RUNS, undefined, false, "en"), RUNS);
});

test("groups count all runs, and average those with values", () => {
  const rows = groupRuns(RUNS, "dataset", [ACCURACY], (key) => key === "digits");
  assert.deepEqual(
    rows.map((row) =>
      row.kind === "group" ? [row.key, row.runs.length, row.means.val_accuracy?.n] : row.run.id,
    ),
    [["mnist", 3, 2], ["digits", 1, 1], "b"],
  );
});

test("a run is in the group of each of its tags", () => {
  const rows = groupRuns(RUNS, "tags", [], () => false);
  assert.deepEqual(
    rows.map((row) => (row.kind === "group" ? [row.key, row.runs.length] : null)),
    [
      ["x", 2],
      ["y", 1],
      ["", 2],
    ],
  );
});

test("groups are sorted by their means, with their runs", () => {
  const rows = groupRuns(RUNS, "dataset", [ACCURACY], () => true);
  const sorted = sortGroups(rows, "val_accuracy", false);
  assert.deepEqual(
    sorted.map((row) => (row.kind === "group" ? row.key : row.run.id)),
    ["digits", "b", "mnist", "a", "c", "d"],
  );
  assert.equal(sortGroups(rows, "name", false), rows);
});
