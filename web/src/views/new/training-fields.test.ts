import assert from "node:assert/strict";
import { test } from "node:test";
import { patchText, SpecText } from "./document.ts";
import { fieldOf, fieldPatch, TRAINING_FIELDS, type TrainingField } from "./training-fields.ts";

const shown = (text: string) => TRAINING_FIELDS.map((field) => fieldOf(new SpecText(text).value, field));
const set = (text: string, field: TrainingField, value: number | null) =>
  patchText(text, fieldPatch(new SpecText(text).value, field, value));

test("the fields show what the text says", () => {
  assert.deepEqual(shown("training: {epochs: 5, optimizer: {type: SGD, learning_rate: 0.1}}"), [
    5,
    null,
    0.1,
  ]);
  assert.deepEqual(shown("model: {preset: a}"), [null, null, null]);
  assert.deepEqual(shown("training: {epochs: many, optimizer: adam}"), ["many", null, null]);
  assert.deepEqual(
    shown(
      "training: {batch_size: {$search: {choice: [1]}}, optimizer: {learning_rate: {type: CosineDecay}}}",
    ),
    [null, "$search", "CosineDecay"],
  );
});

test("a field changes its number alone", () => {
  const text = "training: # how\n  epochs: 5 # enough\n  # twice\n  batch_size: 64\n";
  assert.equal(set(text, "epochs", 12), text.replace("5", "12"));
  assert.equal(fieldOf(new SpecText(set(text, "batch_size", null)).value, "batch_size"), null);
  const flow = "training:   {optimizer: {type: Adam, learning_rate: 1.0e-3}, epochs: 5} # short\n";
  assert.equal(set(flow, "learning_rate", 0.0005), flow.replace("1.0e-3", "0.0005"));
  assert.equal(set('{"training": {"epochs":5}}', "epochs", 6), '{"training": {"epochs":6}}');
});

test("a field is written where the text has none", () => {
  assert.equal(set("model: {preset: a}\n", "epochs", 3), "model: {preset: a}\ntraining: {epochs: 3}\n");
  assert.deepEqual(fieldPatch({}, "learning_rate", 0.01), {
    training: { optimizer: { type: "Adam", learning_rate: 0.01 } },
  });
  assert.deepEqual(fieldPatch({ training: { optimizer: "sgd" } }, "learning_rate", 0.01), {
    training: { optimizer: { type: "sgd", learning_rate: 0.01 } },
  });
  assert.deepEqual(fieldPatch({}, "learning_rate", null), {});
  assert.deepEqual(fieldPatch({ continue_from: "01K6" }, "learning_rate", 0.01), {
    training: { optimizer: { learning_rate: 0.01 } },
  });
});
