import assert from "node:assert/strict";
import { test } from "node:test";
import { differencesOf } from "./differences.ts";

function spec(changes: Record<string, unknown>, layers: unknown[] | null = [{ type: "Flatten" }]) {
  return { name: "any", notes: "any", model: { layers }, training: { epochs: 3, ...changes } };
}

test("only what differs is listed, names and notes aside", () => {
  const specs = [
    spec({ optimizer: { type: "SGD" } }),
    { ...spec({ optimizer: { type: "Adam" } }), name: "b" },
  ];
  assert.deepEqual(differencesOf(specs), [{ path: "training.optimizer.type", values: ["SGD", "Adam"] }]);
  assert.deepEqual(differencesOf([spec({}), spec({})]), []);
});

test("arguments of one of two types are not listed", () => {
  const [sgd, adam] = [
    spec({ optimizer: { type: "SGD", momentum: 0 } }),
    spec({ optimizer: { type: "Adam" } }),
  ];
  assert.deepEqual(
    differencesOf([sgd, adam]).map(({ path }) => path),
    ["training.optimizer.type"],
  );
});

test("field that one spec lacks is nothing there", () => {
  assert.deepEqual(differencesOf([spec({}), spec({ class_weight: "balanced" })]), [
    { path: "training.class_weight", values: [null, "balanced"] },
  ]);
});

test("what only one spec has is listed with its type", () => {
  const schedule = { type: "CosineDecay", alpha: 0.1 };
  assert.deepEqual(differencesOf([spec({ schedule: null }), spec({ schedule })]), [
    { path: "training.schedule.type", values: [null, "CosineDecay"] },
    { path: "training.schedule.alpha", values: [null, "0.1"] },
  ]);
});

test("layers beside a preset are listed in one row", () => {
  const layers = [{ type: "Conv2D", filters: 8, kernel_size: [3, 3] }, { type: "Flatten" }];
  const preset = { ...spec({}), model: { preset: "digits-cnn", layers: null } };
  assert.deepEqual(differencesOf([preset, { ...spec({}), model: { preset: null, layers } }]), [
    { path: "model.preset", values: ["digits-cnn", null] },
    { path: "model.layers", values: [null, "Conv2D filters=8 kernel_size=3×3, Flatten"] },
  ]);
});

test("layers are compared place by place", () => {
  const found = differencesOf([
    spec({}),
    spec({ epochs: 4 }, [{ type: "Flatten" }, { type: "Dropout", rate: 0.5 }]),
  ]);
  assert.deepEqual(found, [
    { path: "training.epochs", values: ["3", "4"] },
    { path: "model.layers", values: [null, "Dropout rate=0.5"] },
  ]);
});

test("specs that cannot be read do not differ", () => {
  assert.deepEqual(differencesOf([null, undefined]), []);
});
