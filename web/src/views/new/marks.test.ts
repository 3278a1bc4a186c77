import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf, marksOf, pointerOfWarning, shortDetail } from "./marks.ts";

const TEXT = `model: {layers: [{type: Conv2D, filters: -3, kernl_size: 3}]}
training: {epoch: 5}
augmentation: {layers: [{type: RandomFlip}]}
`;

function words(marks: readonly { from: number; to: number }[], text = TEXT): string[] {
  return marks.map((mark) => text.slice(mark.from, mark.to));
}

test("each fault is marked at its word, in order of the text", () => {
  const marks = marksOf(TEXT, [
    { pointer: "/training/epoch", detail: "unknown field `epoch`; did you mean `epochs`?" },
    { pointer: "/model/layers/0/filters", detail: "`filters` must be at least 1, received -3" },
    { pointer: "/model/layers/0/kernel_size", detail: "`kernel_size` is missing" },
  ]);
  assert.deepEqual(words(marks), ["Conv2D", "-3", "epoch"]);
});

test("what is not YAML is marked where it breaks", () => {
  const text = "model: {preset: a}\ntraining: {epochs: 5\nname: x\n";
  const [mark] = marksOf(text, [{ pointer: "", detail: "not YAML: ..." }]);
  assert.ok(mark && mark.from > text.indexOf("epochs"));
});

test("warnings that name a field are marked there", () => {
  const warning = "augmentation.layers[0] RandomFlip: a vertical flip turns a 6 into a 9";
  assert.equal(pointerOfWarning(warning), "/augmentation/layers/0");
  assert.equal(pointerOfWarning("layers[3] BatchNormalization comes after softmax"), "/model/layers/3");
  assert.equal(pointerOfWarning("the training split is small"), null);
  assert.equal(pointerOfWarning("training takes 8 hours"), null);
  const marks = marksOf(TEXT, [], [warning, "the training split is small"]);
  assert.deepEqual([words(marks), marks[0]?.severity], [["RandomFlip"], "warning"]);
});

test("long lists of alternatives are left out", () => {
  const long = `unknown type \`Conv2d\`; did you mean \`Conv2D\`? known: ${"Dense, ".repeat(40)}`;
  assert.equal(shortDetail(long), "unknown type `Conv2d`; did you mean `Conv2D`?");
  assert.equal(shortDetail("unknown keep; known: best, last"), "unknown keep; known: best, last");
});

test("a position has a line and a column", () => {
  assert.deepEqual(lineOf("ab\ncd", 4), { line: 2, column: 2 });
  assert.deepEqual(lineOf("", 0), { line: 1, column: 1 });
});
