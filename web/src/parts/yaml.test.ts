import assert from "node:assert/strict";
import { test } from "node:test";
import { toYaml } from "./yaml.ts";

test("small objects stay on one line, large ones are indented", () => {
  const spec = {
    name: "digits cnn",
    dataset: { name: "mnist" },
    model: { layers: [{ type: "Conv2D", filters: 32 }, { type: "Flatten" }] },
  };
  assert.equal(
    toYaml(spec),
    [
      "name: digits cnn",
      "dataset: {name: mnist}",
      "model:",
      "  layers:",
      "    - {type: Conv2D, filters: 32}",
      "    - {type: Flatten}",
    ].join("\n"),
  );
});

test("the type comes first", () => {
  assert.equal(toYaml([{ filters: 8, type: "Conv2D" }]), "- {type: Conv2D, filters: 8}");
});

test("layers within layers keep their indentation", () => {
  const layers = [
    { type: "Residual", layers: Array.from({ length: 4 }, () => ({ type: "Conv2D", filters: 64 })) },
  ];
  assert.equal(
    toYaml({ layers }).split("\n").slice(0, 4).join("\n"),
    ["layers:", "  - type: Residual", "    layers:", "      - {type: Conv2D, filters: 64}"].join("\n"),
  );
});

test("what YAML would read as something else is quoted", () => {
  assert.equal(
    toYaml({ a: "true", b: "1", c: "a: b", d: "", e: "No", f: "한글 이름", g: " x" }).split("\n").join(";"),
    ['a: "true"', 'b: "1"', 'c: "a: b"', 'd: ""', 'e: "No"', "f: 한글 이름", 'g: " x"'].join(";"),
  );
});

test("numbers with an exponent have a point", () => {
  assert.equal(
    toYaml({ a: 1e-7, b: 1.5e-9, c: 1e21, d: 0.001, e: 3 }),
    "a: 1.0e-7\nb: 1.5e-9\nc: 1.0e+21\nd: 0.001\ne: 3",
  );
});

test("empty values are written as such", () => {
  assert.equal(toYaml({ a: [], b: {}, c: null, d: [1, 2] }), "a: []\nb: {}\nc: null\nd: [1, 2]");
  assert.equal(toYaml({}), "{}");
});

test("a search stays on one line", () => {
  const rate = { $search: { float: [0.0001, 0.01], log: true } };
  const units = { $search: { int: [8, 256] } };
  const spec = { layers: [{ type: "Dense", units }], optimizer: { type: "Adam", learning_rate: rate } };
  assert.equal(
    toYaml(spec),
    [
      "layers:",
      "  - {type: Dense, units: {$search: {int: [8, 256]}}}",
      "optimizer:",
      "  type: Adam",
      "  learning_rate: {$search: {float: [0.0001, 0.01], log: true}}",
    ].join("\n"),
  );
});
