import assert from "node:assert/strict";
import { test } from "node:test";
import { dimensionsOf, hasSearch, plotted, rangeText, searchAround, valueText } from "./search.ts";

const SPEC = {
  dataset: { name: "digits" },
  model: {
    layers: [{ type: "Flatten" }, { type: "Dense", units: { $search: { int: [8, 256], log: true } } }],
  },
  training: {
    optimizer: { $search: { choice: [{ type: "Adam" }, { type: "SGD", momentum: 0.9 }] } },
    batch_size: { $search: {} },
  },
};

test("dimensions are found by their dotted path, in the order of the spec", () => {
  const [units, optimizer, ...others] = dimensionsOf(SPEC);
  assert.deepEqual(others, []);
  assert.deepEqual([units?.name, units?.kind, units?.log], ["model.layers.1.units", "int", true]);
  assert.equal(units && rangeText(units), "8 – 256");
  assert.equal(optimizer?.name, "training.optimizer");
  assert.equal(optimizer && rangeText(optimizer), "Adam, SGD (momentum 0.9)");
});

test("what is no spec has no dimensions", () => {
  for (const value of [null, 3, "$search", [], {}]) {
    assert.deepEqual(dimensionsOf(value), []);
    assert.equal(hasSearch(value), false);
  }
  assert.equal(hasSearch(SPEC), true);
  assert.equal(hasSearch({ training: { epochs: { $search: null } } }), true);
});

test("values are short", () => {
  assert.equal(valueText(0.0012345678), "0.001235");
  assert.equal(valueText(1.5e-7), "1.5e-7");
  assert.equal(valueText(123456), "123456");
  assert.equal(valueText([{ type: "Flatten" }, { type: "Dense", units: 8 }]), "[Flatten, Dense (units 8)]");
  assert.equal(valueText({ seed: 1 }), "{seed 1}");
  assert.deepEqual([valueText(true), valueText(null)], ["true", "–"]);
  assert.deepEqual([plotted(3), plotted(false), plotted(undefined)], [3, "false", null]);
});

test("a search around a number contains it", () => {
  assert.deepEqual(searchAround(0.001), { float: [0.0001, 0.01], log: true });
  assert.deepEqual(searchAround(64), { choice: [16, 32, 64, 128] });
  assert.deepEqual(searchAround(1), { choice: [1, 2] });
  assert.deepEqual(searchAround(0.25), { float: [0.125, 0.375] });
  assert.deepEqual(searchAround(0), { float: [0, 0.5], step: 0.1 });
  for (const value of ["Adam", -1, Number.NaN, null]) assert.equal(searchAround(value), null);
});
