import assert from "node:assert/strict";
import { test } from "node:test";
import { shortName } from "./names.ts";

test("a short name stays whole", () => {
  assert.equal(shortName("손글씨 숫자"), "손글씨 숫자");
});

test("a long name keeps its beginning and its end", () => {
  const short = shortName("resnet50v2_imagenet_finetuned_lr1e-4_cutmix_mixup_seed2026");
  assert.equal(short, "resnet50v2_imagenet_finetu…ixup_seed2026");
  assert.ok([...shortName("a b ".repeat(30))].length <= 40);
});
