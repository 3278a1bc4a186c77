import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePatch, patchedText, patchOf, specText } from "./fix.ts";

const FINDING = {
  suggestion: { patch: { based_on: "a", training: { epochs: 80 } } },
};

test("the patch gets its reason", () => {
  assert.deepEqual(JSON.parse(patchOf(FINDING, "Train for 80 epochs.")), {
    based_on: "a",
    notes: "Train for 80 epochs.",
    training: { epochs: 80 },
  });
});

test("what is no patch yet says why", () => {
  assert.ok("patch" in parsePatch("{}"));
  assert.deepEqual(parsePatch("[1]"), { fault: null });
  assert.ok("fault" in parsePatch('{"a": ') && (parsePatch('{"a": ') as { fault: string }).fault.length > 0);
});

test("the patched spec differs where the patch says", () => {
  const spec = { based_on: "b", training: { epochs: 40, max_minutes: null } };
  assert.equal(specText(spec), "training: {epochs: 40}");
  assert.equal(patchedText(spec, { based_on: "c", training: { epochs: 80 } }), "training: {epochs: 80}");
});

test("a change of a run that continued another is trained from the beginning", () => {
  const spec = { name: "longer", continue_from: "01K6", training: { epochs: 40 } };
  const text = patchedText(spec, { training: { epochs: 20 } });
  assert.match(text, /epochs: 20/);
  assert.doesNotMatch(text, /continue_from/);
  assert.match(specText(spec), /continue_from/);
});
