import assert from "node:assert/strict";
import { test } from "node:test";
import { mergePatch, withoutEmpty } from "./patch.ts";

test("patches merge as in the examples of RFC 7396", () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "foo" }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, expected] of cases) assert.deepEqual(mergePatch(target, patch), expected);
});

test("the target of a patch stays as it was", () => {
  const target = { training: { epochs: 3 } };
  mergePatch(target, { training: { epochs: 4 } });
  assert.deepEqual(target, { training: { epochs: 3 } });
});

test("what is empty is left out at any depth", () => {
  const spec = { a: null, b: [{ c: null, d: 0 }], e: { f: null, g: false }, tags: [], notes: "" };
  assert.deepEqual(withoutEmpty(spec), { b: [{ d: 0 }], e: { g: false } });
});
