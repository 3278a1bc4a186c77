import assert from "node:assert/strict";
import { test } from "node:test";
import ko from "./ko/new.ts";

// As the service says it, and what else it may say some day.
const TOLD = {
  "5 past runs": "지난 실험 5개",
  "1 past run": "지난 실험 1개",
  "a matrix multiplication on this machine": "이 컴퓨터의 행렬 곱셈 속도",
  "tea leaves": "tea leaves",
};

test("the basis of an estimate is told in Korean", () => {
  for (const [basis, told] of Object.entries(TOLD)) {
    assert.ok(ko.basis(basis).startsWith(`추정 근거: ${told}.`), basis);
  }
});
