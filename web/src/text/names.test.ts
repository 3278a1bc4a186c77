import assert from "node:assert/strict";
import { test } from "node:test";
import { shortName, shortText } from "./names.ts";

test("a short name stays whole", () => {
  assert.equal(shortName("손글씨 숫자"), "손글씨 숫자");
});

test("a long name keeps its beginning and its end", () => {
  const short = shortName("resnet50v2_imagenet_finetuned_lr1e-4_cutmix_mixup_seed2026");
  assert.equal(short, "resnet50v2_imagenet_finetu…ixup_seed2026");
  assert.ok([...shortName("a b ".repeat(30))].length <= 40);
});

test("a full stop before what is left out is left out, too", () => {
  const name = "a baseline of comparison. Dropout and augmentation";
  assert.equal(shortName(name), "a baseline of comparison…augmentation");
  assert.equal(shortText("For comparison.\nMore later.\nAnd more.", 200, 2), "For comparison.\nMore later…");
  assert.equal(shortText("For comparison. Then more.", 15, 2), "For comparison…");
});

test("text is cut between words, if it has any", () => {
  assert.equal(shortText(" short \n", 200, 2), "short");
  assert.equal(shortText("one two three", 9, 2), "one two…");
  assert.equal(shortText("one two three", 7, 2), "one two…");
  assert.equal(shortText("x".repeat(300), 200, 2), `${"x".repeat(200)}…`);
  assert.equal(shortText(`see ${"x".repeat(300)}`, 200, 2), `see ${"x".repeat(196)}…`);
});
