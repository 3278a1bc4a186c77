import assert from "node:assert/strict";
import { test } from "node:test";
import { documentOf, type Form, nextWeek, openFor, USUAL, withDataset } from "./assignment.ts";

const FORM: Form = {
  title: " Fewer errors ",
  task: "",
  base: '{"dataset": {"name": "mnist"}}',
  may_change: USUAL,
  runs: "20",
  minutes: "",
  parameters: "",
  submissions: "",
  deadline: "2027-03-01T18:00",
  metric: "accuracy",
};

test("empty limits are none, and the deadline has its zone", () => {
  const body = documentOf(FORM, "biology-7b");
  assert.deepEqual(body.budget, { runs: 20, minutes: null, parameters: null, submissions: 5 });
  assert.equal(body.deadline, new Date("2027-03-01T18:00").toISOString());
  assert.deepEqual(
    [body.class, body.title, body.base],
    ["biology-7b", "Fewer errors", { dataset: { name: "mnist" } }],
  );
});

test("a base that is no JSON is an error", () => {
  assert.throws(() => documentOf({ ...FORM, base: "{" }, "a"), SyntaxError);
});

test("the deadline is proposed in a week", () => {
  assert.equal(nextWeek(new Date(2027, 1, 26, 9, 30)), "2027-03-05T18:00");
});

test("another dataset keeps the rest of the spec", () => {
  const text = withDataset('{"dataset": {"name": "a", "split": {"seed": 1}}, "name": "x"}', "b");
  assert.deepEqual(JSON.parse(text), { dataset: { name: "b", split: { seed: 1 } }, name: "x" });
  assert.equal(withDataset("{", "b"), "{");
});

test("students submit to open assignments on the dataset", () => {
  const one = { dataset: "mnist", is_closed: false, spent: {} };
  const others = [
    { ...one, is_closed: true },
    { ...one, dataset: "digits" },
    { ...one, spent: null },
  ];
  assert.deepEqual(openFor([one, ...others], "mnist"), [one]);
});
