import assert from "node:assert/strict";
import { test } from "node:test";
import { addEpoch, elapsed, type History } from "./history.ts";

const KNOWN: History = { epoch: [0, 1], history: { loss: [2, 1] }, seconds: [3, 4], published_epoch: null };
const event = (epoch: number, metrics: Record<string, number | null>) => ({
  experiment_id: "a",
  epoch,
  seconds: 5,
  metrics,
});

test("an epoch is added with all its metrics", () => {
  const { epoch, history, seconds } = addEpoch(KNOWN, event(2, { loss: 0.5, val_loss: 0.7 }));
  assert.deepEqual(epoch, [0, 1, 2]);
  assert.deepEqual(history, { loss: [2, 1, 0.5], val_loss: [null, null, 0.7] });
  assert.deepEqual(seconds, [3, 4, 5]);
});

test("an epoch that was trained again replaces what followed", () => {
  const { epoch, history, seconds } = addEpoch(KNOWN, event(0, { loss: 9 }));
  assert.deepEqual([epoch, history, seconds], [[0], { loss: [9] }, [5]]);
});

test("the time of epochs adds up", () => {
  assert.deepEqual(elapsed(KNOWN), [3, 7]);
});
