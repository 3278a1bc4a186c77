import assert from "node:assert/strict";
import { test } from "node:test";
import { readZoom, writeZoom } from "./options.ts";

test("a zoom survives the hash", () => {
  assert.deepEqual(readZoom(writeZoom([2.5, 13]) ?? ""), [2.5, 13]);
  assert.equal(writeZoom(null), null);
});

test("what is no zoom is none", () => {
  for (const text of ["", "3", "3,2", "a,b", "1,2,3", "1,", "NaN,2", "1,Infinity"])
    assert.equal(readZoom(text), null, text);
});
