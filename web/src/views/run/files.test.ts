import assert from "node:assert/strict";
import { test } from "node:test";
import { isShown, kindOf } from "./files.ts";

test("a file is described by its name", () => {
  assert.equal(kindOf("bundle.zip"), "bundle");
  assert.equal(kindOf("predictions-test.npz"), "predictions");
  assert.equal(kindOf("history.svg"), "curves");
  assert.equal(kindOf("tensorboard.zip"), "tensorboard");
  assert.equal(kindOf("of a later version.txt"), "other");
});

test("pages and images are shown, all else is saved", () => {
  assert.equal(isShown({ media_type: "text/html", bytes: null }), true);
  assert.equal(isShown({ media_type: "image/svg+xml", bytes: null }), true);
  assert.equal(isShown({ media_type: "text/csv", bytes: null }), false);
  assert.equal(isShown({ media_type: "application/json", bytes: 10 }), false);
});
