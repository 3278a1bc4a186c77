import assert from "node:assert/strict";
import { test } from "node:test";
import { firstLimits, prunePath } from "./pruning.ts";

test("what is deleted by itself is proposed, else what is older than a month", () => {
  assert.deepEqual(firstLimits(null), { older_than_days: 30, keep_newest: null, max_bytes: null });
  const set = { older_than_days: null, keep_newest: 5, max_bytes: null };
  assert.deepEqual(firstLimits(set), set);
});

test("limits are a path, none is not", () => {
  const limits = { older_than_days: 2.5, keep_newest: 0, max_bytes: null };
  assert.equal(prunePath(limits, true), "/experiments:prune?older_than_days=2.5&keep_newest=0&dry_run=true");
  assert.equal(prunePath({ ...limits, keep_newest: null }, false), "/experiments:prune?older_than_days=2.5");
  assert.equal(prunePath({ older_than_days: null, keep_newest: null, max_bytes: null }, true), null);
});
