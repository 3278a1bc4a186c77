import assert from "node:assert/strict";
import { test } from "node:test";
import { keyedWith, shownWith } from "./shown.ts";

interface Named {
  name: string;
  key?: string;
  needsKey?: boolean;
}

const RUNS: Named = { name: "runs", key: "r" };
const COMPARE: Named = { name: "compare" };
const CLASS: Named = { name: "class", needsKey: true };
const ACCESS: Named = { name: "access", key: "k", needsKey: true };
const ALL = [RUNS, COMPARE, CLASS, ACCESS];

test("views about keys are there with a key alone", () => {
  assert.deepEqual(shownWith(null, ALL), [RUNS, COMPARE]);
  assert.deepEqual(shownWith("ty_1", ALL), ALL);
});

test("a letter leads to a view, whether the navigation has it or not", () => {
  assert.deepEqual(keyedWith(null, ALL), [RUNS]);
  assert.deepEqual(keyedWith("ty_1", ALL), [RUNS, ACCESS]);
});
