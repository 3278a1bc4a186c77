import assert from "node:assert/strict";
import { test } from "node:test";
import { flatten, shortPath } from "./specs.ts";

test("a spec is flat by its paths, without labels", () => {
  const spec = {
    name: "x",
    tags: ["a"],
    training: { epochs: 3, optimizer: { type: "Adam", nesterov: false, clip: null } },
    model: { layers: [{ type: "Dense", units: 10 }], size: [28, 28] },
  };
  assert.deepEqual(Object.fromEntries(flatten(spec)), {
    "training.epochs": 3,
    "training.optimizer.type": "Adam",
    "training.optimizer.nesterov": "false",
    "model.layers.0.type": "Dense",
    "model.layers.0.units": 10,
    "model.size": "28, 28",
  });
  assert.equal(flatten(null).size, 0);
  assert.equal(shortPath("training.optimizer.type"), "optimizer.type");
  assert.equal(shortPath("model.layers.0.filters"), "layers.0.filters");
  assert.equal(shortPath("preset"), "preset");
});
