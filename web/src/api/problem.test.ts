import assert from "node:assert/strict";
import { test } from "node:test";
import { problemFrom, problemOf } from "./problem.ts";

test("a problem keeps title, detail and faults", () => {
  const errors = [{ pointer: "/training/epochs", detail: "must be at least 1", received: 0 }];
  const problem = problemOf(422, "", { title: "Unprocessable Content", detail: "1 error", errors });
  assert.equal(problem.title, "Unprocessable Content");
  assert.deepEqual(problem.faults, errors);
  assert.equal(problem.isAway, false);
});

test("a body that is no problem still is one", () => {
  assert.equal(problemOf(502, "Bad Gateway", "<html>").detail, "<html>");
  assert.equal(problemOf(500, "", null).title, "HTTP 500");
  assert.equal(problemOf(400, "", { error: "no", errors: "none" }).detail, "no");
  assert.equal(problemOf(502, "", null).isAway, true);
});

test("a request without an answer is away, a fault of the page is not", () => {
  assert.equal(problemFrom(new TypeError("Failed to fetch")).isAway, true);
  assert.equal(problemFrom(new RangeError("x")).isAway, false);
});
