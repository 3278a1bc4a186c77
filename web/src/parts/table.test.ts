import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clampWidth,
  type Drawn,
  drawRows,
  moved,
  nextSort,
  pinnedAt,
  rowAfter,
  scrollFor,
  sortedBy,
  sortOf,
  visibleRows,
} from "./table.ts";

test("only rows in sight and some beyond are drawn", () => {
  assert.deepEqual(visibleRows(5000, 32, 3200, 640, 8), [92, 129]);
  assert.deepEqual(visibleRows(3, 32, 0, 640, 8), [0, 3]);
  assert.deepEqual(visibleRows(0, 32, 0, 640), [0, 0]);
  assert.deepEqual(visibleRows(10, 32, 99_999, 640, 8), [0, 10]);
});

test("as many rows are drawn wherever a table is scrolled to", () => {
  const counts = [0, 1, 31, 33, 3200, 3217, 99_999, 159_360].map((scrolled) => {
    const [first, end] = visibleRows(5000, 32, scrolled, 650, 8);
    const sight = [Math.floor(scrolled / 32), Math.ceil((scrolled + 650) / 32)] as const;
    assert.ok(first <= Math.min(sight[0], 4999) && end >= Math.min(sight[1], 5000));
    return end - first;
  });
  assert.deepEqual(new Set(counts), new Set([38]));
});

test("a column sorts the useful way first, then the other, then not", () => {
  const number = { id: "loss", title: "", width: 1, numeric: true };
  const text = { id: "name", title: "", width: 1 };
  assert.deepEqual(
    ["", "-loss", "loss"].map((sort) => nextSort(sort, number)),
    ["-loss", "loss", ""],
  );
  assert.deepEqual(
    ["-loss", "name", "-name"].map((sort) => nextSort(sort, text)),
    ["name", "-name", ""],
  );
  assert.deepEqual(
    ["name", "-name", "x"].map((sort) => sortOf(sort, "name")),
    ["ascending", "descending", "none"],
  );
});

test("what is missing comes last in either direction", () => {
  const order = (values: (string | number | null)[], descending: boolean) =>
    sortedBy(values, (each) => each, descending, "en");
  assert.deepEqual(order([2, null, Number.NaN, 10, 1], false), [1, 2, 10, null, Number.NaN]);
  assert.deepEqual(order([2, null, Number.NaN, 10, 1], true), [10, 2, 1, null, Number.NaN]);
  assert.deepEqual(order(["run-10", "", "Run-9"], false), ["Run-9", "run-10", ""]);
  assert.deepEqual(order(["run-10", "", "Run-9"], true), ["run-10", "Run-9", ""]);
});

test("what is equal keeps its order in either direction", () => {
  const rows = [
    { id: "a", value: 1 },
    { id: "b", value: 2 },
    { id: "c", value: 1 },
  ];
  const ids = (descending: boolean) =>
    sortedBy(rows, (row) => row.value, descending, "en")
      .map((row) => row.id)
      .join("");
  assert.equal(ids(false), "acb");
  assert.equal(ids(true), "bac");
});

test("a column moves to the place of another", () => {
  assert.deepEqual(moved(["a", "b", "c"], "a", "c"), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], "c", "a"), ["c", "a", "b"]);
  assert.deepEqual(moved(["a"], "x", "a"), ["a"]);
});

test("widths stay within bounds", () => {
  assert.deepEqual([1, 100.4, 9999].map(clampWidth), [48, 100, 800]);
});

test("pinned columns stay beside each other", () => {
  const columns = [true, false, true].map((pinned, index) => ({
    id: String(index),
    title: "",
    width: 50,
    pinned,
  }));
  assert.deepEqual(pinnedAt(columns, [40, 50, 60]), [0, null, 40]);
});

test("keys lead to a row, and stop at the first and the last", () => {
  assert.deepEqual(
    ["j", "k", "PageDown", "PageUp", "Home", "End"].map((key) => rowAfter(key, 5, 100, 10.6)),
    [6, 4, 15, 0, 0, 99],
  );
  assert.equal(rowAfter("j", 99, 100, 10), 99);
  assert.equal(rowAfter("Enter", 5, 100, 10), null);
});

test("a table is scrolled no further than a row needs", () => {
  assert.equal(scrollFor(2, 32, 0, 320), 0);
  assert.equal(scrollFor(10, 32, 0, 320), 32);
  assert.equal(scrollFor(1, 32, 100, 320), 32);
});

test("of many rows that change those in sight are drawn first", () => {
  const rows = Array.from({ length: 100 }, (_, index) => `row ${index}`);
  const at = (first: number) => [first, first + 20] as const;
  const slots = (drawn: readonly Drawn<string>[]) => {
    const found: Drawn<string>[] = [];
    for (const each of drawn) found[each.index % 20] = each;
    return found;
  };
  const first = drawRows(rows, at(0), [0, 10], [], false);
  assert.equal(first.isLate, false);
  assert.deepEqual(
    first.drawn.map(({ row }) => row),
    rows.slice(0, 20),
  );
  const before = slots(first.drawn);

  const little = drawRows(rows, at(5), [8, 18], before, false);
  assert.equal(little.isLate, false);
  assert.equal(little.drawn.at(-1)?.row, "row 24");
  assert.equal(little.drawn[0], before[5], "the same object");

  const far = drawRows(rows, at(40), [45, 55], before, false);
  assert.equal(far.isLate, true);
  for (const { index, row } of far.drawn)
    assert.equal(row, index >= 45 && index < 55 ? `row ${index}` : `row ${index % 20}`);

  const settled = drawRows(rows, at(40), [45, 55], slots(far.drawn), true);
  assert.deepEqual(
    settled.drawn.map(({ row }) => row),
    rows.slice(40, 60),
  );
});
