import assert from "node:assert/strict";
import { test } from "node:test";
import { share } from "./share.ts";

test("what is nearly certain is not shown as certain", () => {
  assert.equal(share(0.99998, "en"), "> 99.9%");
  assert.equal(share(0.00002, "en"), "< 0.1%");
  assert.equal(share(1, "en"), "100.0%");
  assert.equal(share(0, "en"), "0.0%");
  assert.equal(share(0.8312, "en"), "83.1%");
});
