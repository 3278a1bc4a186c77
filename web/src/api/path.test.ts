import assert from "node:assert/strict";
import { test } from "node:test";
import { pathOf } from "./path.ts";

const PAGE = "http://lab:8000/?x=1#/runs";

const LINKS: [address: string, path: string][] = [
  ["http://lab:8000/experiments.csv", "/experiments.csv"],
  ["http://lab:8000/experiments/A/files/model.onnx?x=1", "/experiments/A/files/model.onnx?x=1"],
  ["http://lab:8000/#/runs", ""],
  ["http://lab:8000/?api=x#/runs", ""],
  ["http://lab:8000/docs", ""],
  ["https://elsewhere.example/experiments.csv", ""],
  ["", ""],
];

for (const [address, path] of LINKS) {
  test(`"${address}" leads to "${path}"`, () => {
    assert.equal(pathOf(address, "http://lab:8000", PAGE), path);
  });
}
