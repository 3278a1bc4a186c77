import assert from "node:assert/strict";
import { test } from "node:test";
import { readBase } from "./base.ts";

const PAGE = "http://127.0.0.1:8000/#/runs";

test("the API is where the page is, unless it is named", () => {
  assert.equal(readBase("", "", PAGE), "http://127.0.0.1:8000");
  assert.equal(readBase("", "", "https://host/trainyard/#/"), "https://host/trainyard");
  assert.equal(readBase("", "https://lab:8000/", PAGE), "https://lab:8000");
  assert.equal(readBase("?api=http://other:1/x/", "https://lab:8000", PAGE), "http://other:1/x");
});

test("an address that is no page is rejected", () => {
  assert.throws(() => readBase("?api=javascript:alert(1)", "", PAGE), TypeError);
});
