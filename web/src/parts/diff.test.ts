import assert from "node:assert/strict";
import { test } from "node:test";
import { diffLines } from "./diff.ts";

function marks(before: string[], after: string[], context = 2): string[] {
  const signs = { same: " ", added: "+", removed: "-", gap: "~" };
  return diffLines(before.join("\n"), after.join("\n"), context).map((line) => signs[line.kind] + line.text);
}

test("equal texts have no difference", () => {
  assert.deepEqual(marks(["a", "b"], ["a", "b"]), []);
});

test("a changed line is removed and added", () => {
  assert.deepEqual(marks(["a", "b", "c"], ["a", "x", "c"]), [" a", "-b", "+x", " c"]);
});

test("a line that moved in is added alone", () => {
  assert.deepEqual(marks(["conv", "pool", "dense"], ["conv", "pool", "drop", "dense"]), [
    " conv",
    " pool",
    "+drop",
    " dense",
  ]);
});

test("far lines become gaps, headings of changes stay", () => {
  const before = [
    "model:",
    "  a: 1",
    "  b: 1",
    "training:",
    "  c: 1",
    "  d: 1",
    "  epochs: 3",
    "  f: 1",
    "  g: 1",
  ];
  const after = before.map((line) => line.replace("epochs: 3", "epochs: 6"));
  assert.deepEqual(marks(before, after, 0), ["~", " training:", "~", "-  epochs: 3", "+  epochs: 6", "~"]);
});

test("an empty text is one empty line", () => {
  assert.deepEqual(marks([""], ["a"]), ["-", "+a"]);
});
