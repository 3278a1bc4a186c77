import assert from "node:assert/strict";
import { test } from "node:test";
import { complete, hoverAt } from "./complete.ts";
import { SAMPLE } from "./schema.sample.ts";
import { summary } from "./schema.ts";

const NAMES = { datasets: ["digits", "flowers"] };

/** What is offered at `|`. */
function offered(marked: string): string[] | undefined {
  const at = marked.indexOf("|");
  return complete(marked.replace("|", ""), at, SAMPLE, NAMES)?.options.map((each) => each.label);
}

test("names of fields are offered where they may stand", () => {
  assert.deepEqual(offered("|"), ["name", "dataset", "model", "training"]);
  assert.deepEqual(offered("model: {preset: a}\ntr|"), ["name", "dataset", "training"]);
  assert.deepEqual(offered("training:\n  |"), ["epochs", "deterministic", "optimizer"]);
  assert.deepEqual(offered("training:\n  epochs: 5\n  de|\n"), ["deterministic", "optimizer"]);
  assert.deepEqual(offered("training:\n  |\n  epochs: 5\n"), ["deterministic", "optimizer"]);
  assert.deepEqual(offered('{"training": {"|"}}'), ["epochs", "deterministic", "optimizer"]);
});

test("the type decides which arguments a layer has", () => {
  assert.deepEqual(offered("model:\n  layers:\n    - {type: Conv2D, filters: 3, |}\n"), [
    "kernel_size",
    "padding",
  ]);
  assert.deepEqual(offered("training: {optimizer: {type: SGD, |}}"), ["momentum"]);
  assert.deepEqual(offered("training: {optimizer: {|}}"), ["type"]);
  assert.deepEqual(offered("model:\n  layers:\n    - type: Conv2D\n      |\n"), [
    "filters",
    "kernel_size",
    "padding",
  ]);
});

test("values are offered where they may stand", () => {
  assert.deepEqual(offered("model: {preset: |}"), ["mnist-cnn", "mnist-dnn", "$search"]);
  assert.deepEqual(offered("model: {layers: [{type: C|}]}"), ["Conv2D", "Flatten"]);
  assert.deepEqual(offered("model: {layers: [{type: Conv2D, padding: |}]}"), ["valid", "same", "$search"]);
  assert.deepEqual(offered("training:\n  deterministic: |\n"), ["true", "false", "$search"]);
  assert.deepEqual(offered("dataset: {name: fl|}"), ["digits", "flowers"]);
  assert.deepEqual(offered("dataset: {add: [|]}"), ["digits", "flowers"]);
});

test("a layer is offered with its required arguments", () => {
  const text = "model:\n  layers:\n    - ";
  const [conv] = complete(text, text.length, SAMPLE, NAMES)?.options ?? [];
  assert.equal(conv?.insert, "{type: Conv2D, filters: , kernel_size: }");
});

test("a field shows its range and default", () => {
  const [epochs] = complete("training:\n  ep", 14, SAMPLE, NAMES)?.options ?? [];
  assert.deepEqual([epochs?.detail, epochs?.insert], ["integer 1…10000 = 30", "epochs: "]);
  assert.equal(summary([{ type: "number", minimum: 0, exclusiveMaximum: 1 }]), "number ≥ 0 < 1");
});

test("nothing is offered in comments and unknown places", () => {
  assert.equal(offered("name: x # a comm|"), undefined);
  assert.deepEqual(offered("nonsense: {|}"), []);
  assert.deepEqual(offered("name: |"), []);
});

test("a field explains itself", () => {
  const text = "model:\n  layers:\n    - {type: Conv2D, filters: 3}\n";
  const filters = hoverAt(text, text.indexOf("filters") + 1, SAMPLE);
  assert.deepEqual(
    [filters?.title, filters?.detail, filters?.text],
    ["filters", "integer 1…65536", "a whole number"],
  );
  const layer = hoverAt(text, text.indexOf("Conv2D") + 1, SAMPLE);
  assert.deepEqual([layer?.title, layer?.text], ["Conv2D", "A convolution."]);
  assert.equal(hoverAt("what: 1", 1, SAMPLE), null);
});

test("a search is offered in place of a value, around its default", () => {
  const at = (marked: string) => {
    const offset = marked.indexOf("|");
    const found = complete(marked.replace("|", ""), offset, SAMPLE, NAMES);
    return found?.options.find((each) => each.label === "$search")?.insert;
  };
  assert.equal(at("training:\n  epochs: |\n"), "{$search: {choice: [8, 15, 30, 60]}}");
  assert.equal(at("training:\n  epochs: $s|\n"), "{$search: {choice: [8, 15, 30, 60]}}");
  assert.equal(at('{"training": {"epochs": |}}'), '{"$search":{"choice":[8,15,30,60]}}');
  assert.equal(at("model: {layers: [{type: Conv2D, filters: |}]}"), "{$search: {int: [8, 256], log: true}}");
  assert.equal(at("training:\n  epochs: {|}\n"), "$search: ");
  assert.equal(at("name: |"), undefined);
});

test("what stands within a search is offered", () => {
  assert.deepEqual(offered("training: {epochs: {$search: {|}}}"), ["choice", "int", "float", "log", "step"]);
  assert.deepEqual(offered("training: {epochs: {$search: {int: [1, 3], |}}}"), ["log", "step"]);
  assert.deepEqual(offered("training: {epochs: {$search: {int: [1, 3], log: |}}}"), ["true", "false"]);
  assert.deepEqual(offered("model: {preset: {$search: {choice: [mnist-cnn, |]}}}"), [
    "mnist-cnn",
    "mnist-dnn",
  ]);
});
