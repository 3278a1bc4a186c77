import assert from "node:assert/strict";
import { test } from "node:test";
import { runOf } from "../../api/runs.sample.ts";
import { columnOf, DEFAULTS, metricNames, pinFirst, readColumns, writeColumns } from "./columns.ts";

test("columns are written as they are read", () => {
  assert.deepEqual(readColumns("name:240,loss"), [
    { id: "name", width: 240 },
    { id: "loss", width: null },
  ]);
  assert.equal(writeColumns(readColumns("name:240,loss")), "name:240,loss");
  assert.equal(writeColumns(readColumns("")), "");
  assert.equal(readColumns("").length, DEFAULTS.length);
  assert.deepEqual(readColumns("name:99999,x:abc"), [
    { id: "name", width: 800 },
    { id: "x", width: null },
  ]);
});

test("an unknown column is the metric of that name", () => {
  const column = columnOf("f1", null, "f1");
  assert.equal(column.value(runOf({ metrics: { f1: 0.5 } })), 0.5);
  assert.equal(column.value(runOf()), undefined);
  assert.equal(column.numeric, true);
  assert.equal(columnOf("constructor", null, "").kind, "metric");
});

test("metrics are listed by how many runs have them", () => {
  const runs = [runOf({ metrics: { b: 1, a: 1 } }), runOf({ metrics: { b: 1 } })];
  assert.deepEqual(metricNames(runs), ["b", "a"]);
});

test("only the first columns stay pinned", () => {
  const pinned = (ids: string[]) =>
    pinFirst(ids.map((id) => columnOf(id, null, id))).map((each) => Boolean(each.pinned));
  assert.deepEqual(pinned(["star", "name", "status"]), [true, true, false]);
  assert.deepEqual(pinned(["status", "name", "star"]), [false, false, false]);
});

test("columns of groups have room for the deviation", () => {
  assert.equal(columnOf("loss", null, "loss", true).width, 136);
  assert.equal(columnOf("loss", 60, "loss", true).width, 60);
  assert.equal(columnOf("name", null, "name", true).width, columnOf("name", null, "name").width);
});
