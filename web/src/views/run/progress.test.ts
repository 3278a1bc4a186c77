import assert from "node:assert/strict";
import { test } from "node:test";
import type { Experiment } from "../../api/experiment.ts";
import { failureSentence, judgedStage, plannedEpochs, shareDone } from "./progress.ts";

function record(changes: object): Experiment {
  return {
    status: "running",
    epochs_completed: 0,
    progress: null,
    spec: { training: { epochs: 20 } },
    ...changes,
  } as unknown as Experiment;
}

test("planned epochs are those of the spec until the trainer says", () => {
  assert.equal(plannedEpochs(record({})), 20);
  assert.equal(plannedEpochs(record({ progress: { epochs: 0 } })), 20);
  assert.equal(plannedEpochs(record({ progress: { epochs: 12 } })), 12);
  assert.equal(plannedEpochs(record({ spec: { training: null } })), null);
});

test("steps of the current epoch count", () => {
  const progress = { epoch: 5, epochs: 20, step: 50, steps_per_epoch: 100 };
  assert.equal(shareDone(record({ epochs_completed: 5, progress })), 5.5 / 20);
  assert.equal(shareDone(record({ epochs_completed: 6, progress })), 6 / 20);
  assert.equal(shareDone(record({ epochs_completed: 30 })), 1);
  assert.equal(shareDone(record({ spec: {} })), 0);
  assert.equal(shareDone(record({ progress: { phase: "evaluating", epoch: 5, epochs: 20 } })), 1);
});

test("long runs are judged some twenty times, not at every epoch", () => {
  const stages = new Set<string | null>();
  for (let done = 0; done <= 1000; done++)
    stages.add(judgedStage(record({ epochs_completed: done, spec: { training: { epochs: 1000 } } })));
  assert.ok(stages.size > 15 && stages.size < 30, String(stages.size));
});

test("nothing is judged before the first epoch", () => {
  assert.equal(judgedStage(record({ status: "queued" })), null);
  assert.equal(judgedStage(record({})), null);
  assert.equal(judgedStage(undefined), null);
  assert.equal(judgedStage(record({ status: "failed", epochs_completed: 1 })), "failed");
});

test("a failure is a sentence without the name of its type", () => {
  const error = { type: "diverged", message: "diverged: the loss became nan in epoch 1" };
  assert.equal(failureSentence(error), "The loss became nan in epoch 1.");
  assert.equal(failureSentence({ type: "internal", message: "It broke." }), "It broke.");
});
