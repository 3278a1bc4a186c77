import assert from "node:assert/strict";
import { test } from "node:test";
import { wilson } from "./interval.ts";

test("the interval is that of Wilson", () => {
  const [low, high] = wilson(0.9, 100) ?? [0, 0];
  assert.ok(Math.abs(low - 0.8256) < 1e-4 && Math.abs(high - 0.9448) < 1e-4, `${low} ${high}`);
});

test("all correct does not mean certain", () => {
  const [low, high] = wilson(1, 20) ?? [0, 0];
  assert.ok(low > 0.83 && low < 0.84 && high === 1);
});

test("without samples there is no interval", () => {
  for (const [share, n] of [
    [0.5, 0],
    [Number.NaN, 10],
    [1.2, 10],
  ] as const)
    assert.equal(wilson(share, n), null);
});
