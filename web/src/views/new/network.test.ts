import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf } from "./network.ts";

test("layers that do alike look alike", () => {
  assert.equal(kindOf("Conv2D"), kindOf("DepthwiseConv2D"));
  assert.equal(kindOf("MaxPooling2D"), kindOf("GlobalAveragePooling2D"));
  assert.notEqual(kindOf("Dropout"), kindOf("Dense"));
  assert.equal(kindOf("Flatten"), 7);
});
