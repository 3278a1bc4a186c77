import assert from "node:assert/strict";
import { test } from "node:test";
import { beginningOf, isLong } from "./notes.ts";

test("notes of many lines or many letters are long", () => {
  assert.equal(isLong("more dropout"), false);
  assert.equal(isLong("one\ntwo\n"), false);
  assert.equal(isLong("one\ntwo\nthree"), true);
  assert.equal(isLong("a".repeat(300)), true);
});

test("the beginning of notes that ends with a sentence has no full stop before the dots", () => {
  assert.equal(
    beginningOf("A baseline.\nFor comparison.\nWith more to say."),
    "A baseline.\nFor comparison…",
  );
  assert.equal(beginningOf("A baseline.\nFor comparison.\n"), "A baseline.\nFor comparison.");
});
