import assert from "node:assert/strict";
import { test } from "node:test";
import { protocolLines } from "./protocols.ts";

test("images are sent as files, features as numbers", () => {
  const [image, rows] = protocolLines("http://host", "mnist", 0);
  assert.equal(image?.line, "curl -F file=@image.png 'http://host/predict?dataset=mnist'");
  assert.match(rows?.line ?? "", /base64 < image\.png \| tr -d '\\n'/);
  const [features] = protocolLines("http://host", "blobs", 2);
  assert.equal(features?.line, `curl --json '{"features":[0.5,0.5]}' 'http://host/predict?dataset=blobs'`);
});
