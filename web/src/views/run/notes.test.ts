import assert from "node:assert/strict";
import { test } from "node:test";
import { isLong } from "./notes.ts";

test("notes of many lines or many letters are long", () => {
  assert.equal(isLong("more dropout"), false);
  assert.equal(isLong("one\ntwo\n"), false);
  assert.equal(isLong("one\ntwo\nthree"), true);
  assert.equal(isLong("a".repeat(300)), true);
});
