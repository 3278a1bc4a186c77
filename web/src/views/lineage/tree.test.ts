import assert from "node:assert/strict";
import { test } from "node:test";
import { drawTree, type Node } from "./tree.ts";

function nodes(...edges: [string, string | null, number?][]): Node[] {
  return edges.map(([id, based_on, value = 0]) => ({ id, based_on, value }));
}

function shape(list: Node[], id: string): string[] {
  return drawTree(list, id).map((row) => `${" ".repeat(row.column)}${row.id}`);
}

test("chain is one straight line", () => {
  const chain = nodes(["c", "b"], ["a", null], ["b", "a"], ["other", null]);
  assert.deepEqual(shape(chain, "b"), ["a", "b", "c"]);
  assert.deepEqual(
    drawTree(chain, "b").map(({ lanes }) => lanes),
    [
      [{ column: 0, above: false, below: true }],
      [{ column: 0, above: true, below: true }],
      [{ column: 0, above: true, below: false }],
    ],
  );
});

test("way to the chosen one is straight, branches are indented", () => {
  const tree = nodes(["a", null], ["b", "a", 0.9], ["c", "a", 0.1], ["d", "c"], ["e", "b", 0.8]);
  assert.deepEqual(shape(tree, "c"), ["a", " b", " e", "c", "d"]);
  const [, b, e, c] = drawTree(tree, "c");
  assert.deepEqual([b?.from, e?.from, c?.from], [0, null, null]);
  assert.deepEqual(b?.lanes[0], { column: 0, above: true, below: true });
  assert.deepEqual(e?.lanes, [
    { column: 0, above: true, below: true },
    { column: 1, above: true, below: false },
  ]);
});

test("below the chosen one the best branch is straight", () => {
  const tree = nodes(["a", null], ["b", "a", 0.5], ["c", "a", 0.1], ["d", "c", 0.9]);
  assert.deepEqual(shape(tree, "a"), ["a", " b", "c", "d"]);
});

test("deleted ancestors, cycles and unknown ids", () => {
  assert.deepEqual(shape(nodes(["b", "gone"], ["c", "b"]), "c"), ["b", "c"]);
  assert.deepEqual(shape(nodes(["a", "b"], ["b", "a"]), "a"), ["b", "a"]);
  assert.deepEqual(shape(nodes(["a", null]), "z"), []);
});

test("long chains are drawn", () => {
  const chain = Array.from({ length: 5000 }, (_, index): Node => {
    return {
      id: String(index).padStart(5, "0"),
      based_on: index ? String(index - 1).padStart(5, "0") : null,
      value: 0,
    };
  });
  assert.equal(drawTree(chain.slice(0, 2000), "01000").length, 2000);
});
