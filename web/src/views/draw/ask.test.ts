import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseDataset, curlLine, parseFeatures, predictPath } from "./ask.ts";

const ASKED = { dataset: "mnist", experiment: null, isRow: false };

test("the experiment answers if one is named, else the dataset's model", () => {
  assert.equal(predictPath(ASKED), "/predict?dataset=mnist&explain=true");
  const path = predictPath({ ...ASKED, experiment: "01K6", isRow: true });
  assert.equal(path, "/predict?experiment=01K6&digits=many&explain=true");
});

test("a curl line can be pasted with any file name", () => {
  const url = "'http://host/predict?dataset=mnist&explain=true'";
  assert.equal(
    curlLine("http://host", ASKED, { filename: "drawing.png" }),
    `curl -F file=@drawing.png ${url}`,
  );
  const line = curlLine("http://host", ASKED, { filename: "my '7'.png" });
  assert.equal(line, `curl -F file=@'my '\\''7'\\''.png' ${url}`);
  assert.equal(
    curlLine("http://host", ASKED, { features: [1.5, -2] }),
    `curl --json '{"features":[1.5,-2]}' ${url}`,
  );
});

test("digits are drawn unless something else is chosen", () => {
  assert.equal(chooseDataset("", ["blobs", "digits", "mnist"]), "mnist");
  assert.equal(chooseDataset("", ["blobs"]), "blobs");
  assert.equal(chooseDataset("cifar10", ["mnist"]), "cifar10");
  assert.equal(chooseDataset("", []), "");
});

test("features are numbers, with either decimal mark", () => {
  assert.deepEqual(parseFeatures(["1,5", " -2 "]), [1.5, -2]);
  assert.equal(parseFeatures(["", "1"]), null);
  assert.equal(parseFeatures(["1e9"]), null);
  assert.equal(parseFeatures(["one"]), null);
});
