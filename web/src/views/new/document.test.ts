import assert from "node:assert/strict";
import { test } from "node:test";
import { isJson, patchText, SpecText } from "./document.ts";

const YAML = `name: first # a comment
dataset: {name: mnist}
model:
  layers:
    - {type: Conv2D, filters: -3}
    - type: Dense
      units: "ten"
training:
  epochs: 5
  optimizer:
    type: Adam
`;
const JSON_TEXT = `{"model": {"layers": [{"type": "Conv2D", "filters": -3}]}, "training": {"a/b": 1}}`;

function word(text: string, pointer: string, key = false): string {
  const span = new SpecText(text).spanOf(pointer, key);
  return text.slice(span.from, span.to);
}

test("a pointer leads to the value of a scalar", () => {
  assert.equal(word(YAML, "/model/layers/0/filters"), "-3");
  assert.equal(word(YAML, "/model/layers/1/units"), '"ten"');
  assert.equal(word(YAML, "/dataset/name"), "mnist");
  assert.equal(word(JSON_TEXT, "/model/layers/0/filters"), "-3");
});

test("an unknown field is marked at its name", () => {
  assert.equal(word(YAML, "/training/epochs", true), "epochs");
  assert.equal(word(JSON_TEXT, "/training/a~1b", true), '"a/b"');
});

test("what holds others is marked at its name or type", () => {
  assert.equal(word(YAML, "/training/optimizer"), "optimizer");
  assert.equal(word(YAML, "/model/layers/1"), "Dense");
  assert.equal(word(JSON_TEXT, "/model/layers/0"), '"Conv2D"');
});

test("a missing field is marked at what lacks it", () => {
  assert.equal(word(YAML, "/model/layers/0/kernel_size"), "Conv2D");
  assert.equal(word(YAML, "/training/loss/type"), "training");
  assert.equal(word("training: {epochs: 5}\n", "/model"), "training");
  assert.equal(word("", "/model"), "");
});

test("a syntax error has its place", () => {
  const text = "model: {layers: [\ntraining: 5\n";
  assert.ok(new SpecText(text).syntaxError);
  assert.equal(new SpecText(YAML).syntaxError, null);
});

test("a position leads to its field", () => {
  const place = new SpecText(YAML).placeAt(YAML.indexOf("filters") + 2);
  assert.deepEqual([place?.path, place?.onKey], [["model", "layers", 0, "filters"], true]);
  assert.deepEqual(new SpecText(YAML).placeAt(YAML.indexOf("-3") + 1)?.onKey, false);
});

test("a patch keeps comments and what it does not name", () => {
  const patched = patchText(YAML, {
    name: null,
    training: { epochs: 9, optimizer: { type: "SGD", momentum: 0.9 }, early_stopping: { patience: 5 } },
  });
  assert.match(patched, /dataset: \{name: mnist\}/);
  assert.match(patched, /epochs: 9\n {2}optimizer:\n {4}type: SGD\n {4}momentum: 0.9\n/);
  assert.match(patched, /early_stopping: \{patience: 5\}/);
  assert.doesNotMatch(patched, /first/);
  assert.match(patchText("a: 1 # why\nb: 2\n", { b: 3 }), /a: 1 # why\nb: 3/);
});

test("what a patch adds is written as people do", () => {
  const layers = [
    { type: "Conv2D", filters: 32, kernel_size: [3, 3], activation: "relu" },
    { type: "Dense" },
  ];
  assert.equal(
    patchText("model: {preset: a}\ntraining: {epochs: 5} # few\n", { model: { preset: null, layers } }),
    `model:
  layers:
    - {type: Conv2D, filters: 32, kernel_size: [3, 3], activation: relu}
    - {type: Dense}
training: {epochs: 5} # few
`,
  );
});

test("a patch of JSON is JSON", () => {
  const patched = patchText(JSON_TEXT, { training: null, name: "x" });
  assert.deepEqual(JSON.parse(patched), {
    model: { layers: [{ type: "Conv2D", filters: -3 }] },
    name: "x",
  });
  assert.ok(isJson(JSON_TEXT));
  assert.ok(!isJson("{a: 1}"));
});

test("text that is no mapping has no values", () => {
  for (const text of ["", "- 1", "just words", "{", "a: *b", "\t"])
    assert.deepEqual(typeof new SpecText(text).value, "object");
  assert.equal(new SpecText(YAML).value.name, "first");
});
