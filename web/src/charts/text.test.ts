import assert from "node:assert/strict";
import { test } from "node:test";
import { fitText, widthOf } from "./text.ts";

test("letters of East Asia are wider", () => {
  assert.ok(widthOf("나비") > 1.5 * widthOf("ab"));
  assert.equal(widthOf(""), 0);
});

test("a text that fits stays whole", () => {
  assert.equal(fitText("cat", 30), "cat");
});

test("a longer text ends in an ellipsis and fits", () => {
  for (const text of ["a rather long label", "배추흰나비 (암컷과 수컷)"]) {
    const cut = fitText(text, 60);
    assert.match(cut, /[^ ]…$/);
    assert.ok(widthOf(cut) <= 60 + widthOf("…"), cut);
  }
});

test("something is left where nothing fits", () => {
  assert.equal(fitText("나비", 3), "나…");
});
