import assert from "node:assert/strict";
import { test } from "node:test";
import { joined } from "../../api/specs.ts";
import { SAMPLE } from "./schema.sample.ts";
import {
  continuedText,
  documentText,
  kerasDocument,
  layersPatch,
  presetsFor,
  presetText,
  runText,
} from "./starts.ts";

const preset = (name: string, dataset: string) => ({
  name,
  title: "",
  source: "",
  parameters: 1,
  spec: { model: { preset: name }, name, dataset: { name: dataset }, notes: "upload" },
  layers: [{ type: "Dense" }],
  measured: null,
});
const PRESETS = [
  preset("mnist-cnn", "mnist"),
  preset("cifar10-best", "cifar10"),
  preset("folder-cnn", "my-images"),
];
const facts = (name: string, origin: string, shape: number[] | null) => ({
  name,
  origin,
  shape,
  status: "ready",
});
const DATASETS = [
  facts("mnist", "built-in", [28, 28, 1]),
  facts("fashion_mnist", "built-in", [28, 28, 1]),
  facts("flowers", "uploaded", null),
];

test("a preset is text in the usual order", () => {
  const text = presetText(PRESETS[0] as (typeof PRESETS)[0]);
  assert.equal(text, "name: mnist-cnn\nnotes: upload\ndataset: {name: mnist}\nmodel: {preset: mnist-cnn}\n");
});

test("a preset is made for another dataset", () => {
  const text = presetText(PRESETS[2] as (typeof PRESETS)[0], "flowers");
  assert.equal(text, "name: flowers-folder-cnn\ndataset: {name: flowers}\nmodel: {preset: folder-cnn}\n");
});

test("a start trains on other datasets, too", () => {
  const text = presetText(PRESETS[0] as (typeof PRESETS)[0], "", { add: ["more"] });
  assert.match(text, /\ndataset:\n {2}name: mnist\n {2}add: \[more\]\n/);
  const spec = { dataset: { name: "mnist", add: [{ name: "more" }] } };
  assert.deepEqual(joined(spec, ["more", "mnist", "other"]), [{ name: "more" }, "other"]);
  assert.match(runText("01K6", spec, null, { add: ["more"] }), /add:\n {4}- \{name: more\}\n/);
});

test("a run is fine-tuned from its weights", () => {
  const spec = { name: "first", notes: "old", dataset: { name: "mnist" }, model: { preset: "mnist-cnn" } };
  assert.equal(
    runText("01K6", spec, null, { add: ["more"], tune: true }),
    `notes: Fine-tuned with more
based_on: "01K6"
dataset:
  name: mnist
  add: [more]
model: {preset: mnist-cnn, weights_from: "01K6"}
`,
  );
});

test("the network of a preset is written out", () => {
  assert.deepEqual(layersPatch({ model: { preset: "mnist-cnn" } }, PRESETS), {
    model: { preset: null, layers: [{ type: "Dense" }] },
  });
  for (const model of [{ preset: "other" }, { layers: [] }, "text", undefined])
    assert.equal(layersPatch({ model }, PRESETS), null);
});

test("presets suit a dataset", () => {
  const names = DATASETS.map((dataset) => presetsFor(dataset, PRESETS, DATASETS).map((each) => each.name));
  assert.deepEqual(names, [["mnist-cnn"], ["mnist-cnn"], ["folder-cnn"]]);
});

test("the spec of a run is written without defaults", () => {
  const spec = {
    name: "first",
    based_on: null,
    dataset: { name: "digits", add: ["more"] },
    model: {
      preset: null,
      layers: [{ type: "Conv2D", filters: 3, kernel_size: 3, padding: "valid" }, { type: "Flatten" }],
    },
    training: { epochs: 30, deterministic: false, optimizer: { type: "Adam", beta_1: 0.9 } },
  };
  assert.equal(
    runText("01K6", spec, SAMPLE),
    `based_on: "01K6"
dataset:
  name: digits
  add: [more]
model:
  layers:
    - {type: Conv2D, filters: 3, kernel_size: 3}
    - {type: Flatten}
training:
  optimizer: {type: Adam}
`,
  );
});

test("a sweep around a run keeps its name", () => {
  const spec = { name: "first", training: { optimizer: { learning_rate: 0.1 } } };
  assert.match(runText("01K6", spec, null, { search: true }), /^name: first\n/);
});

test("an ended run is continued to its planned epochs, or to twice as many", () => {
  const run = { id: "01K6", epochs_completed: 10, spec: { training: { epochs: 10 } } };
  const text = (epochs: number) => `continue_from: "01K6"\ntraining: {epochs: ${epochs}}\n`;
  assert.equal(continuedText(run), text(20));
  assert.equal(continuedText({ ...run, epochs_completed: 4 }), text(10));
});

test("a Keras document becomes a spec", () => {
  const keras = { class_name: "Sequential", config: { name: "net", layers: [] } };
  assert.deepEqual(kerasDocument(JSON.stringify(JSON.stringify(keras))), keras);
  assert.match(
    documentText(JSON.stringify(keras), "mnist"),
    /^name: net\ndataset: \{name: mnist\}\nmodel:\n {2}keras:/,
  );
  for (const text of ["model: {}", '{"model": {}}', "", "{"]) assert.equal(documentText(text), text);
});
