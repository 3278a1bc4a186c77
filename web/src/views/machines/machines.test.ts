import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../../api/events.ts";
import { runOf } from "../../api/runs.sample.ts";
import {
  applyToFloor,
  changesDisk,
  doneShare,
  type Floor,
  isTold,
  type Machine,
  orderAfterMove,
  othersOf,
  runsOf,
  startOf,
} from "./machines.ts";

const progress = (eta: number | null, epoch = 2): Progress => ({
  phase: "training",
  epoch,
  epochs: 10,
  step: 50,
  steps_per_epoch: 100,
  steps_per_second: 9,
  eta_seconds: eta,
});
const item = (id: string, starts_in_seconds: number | null = 30) => ({
  id,
  name: id,
  dataset: "mnist",
  priority: 0,
  sweep: null,
  created_at: "2026-11-29T06:00:00Z",
  waits_because: null,
  starts_in_seconds,
});
const conversion = { kind: "conversion", dataset: "own", experiment_id: null, done: null };
const worker: Machine = {
  name: "lab:1",
  hostname: "lab",
  pid: 1,
  device: null,
  devices: null,
  cores: 2,
  memory: { used_bytes: 1e9, total_bytes: 8e9 },
  trainer_bytes: null,
  draining: null,
  experiments: ["a"],
  activities: [{ kind: "training", dataset: "mnist", experiment_id: "a", done: 0 }, conversion],
};
const FLOOR: Floor = {
  queue: [item("b")],
  queued: 1,
  paused: false,
  running: [{ ...item("a"), worker: "lab:1", progress: progress(30) }],
  workers: [worker],
  at: Date.parse("2026-11-29T06:00:10Z"),
};

test("progress is shown without asking again", () => {
  const event = { kind: "progress", data: { experiment_id: "a", progress: progress(20, 3) } } as const;
  assert.equal(applyToFloor(FLOOR, event)?.running[0]?.progress?.eta_seconds, 20);
  const unknown = { kind: "progress", data: { experiment_id: "x", progress: progress(20) } } as const;
  assert.equal(applyToFloor(FLOOR, unknown), null);
});

test("who starts, ends or joins the queue changes the floor", () => {
  const status = (id: string, now: "running" | "queued" | "succeeded") =>
    applyToFloor(FLOOR, { kind: "status", data: runOf({ id, status: now }) });
  assert.equal(status("a", "running"), FLOOR);
  assert.equal(status("b", "running"), null);
  assert.equal(status("a", "succeeded"), null);
  assert.equal(status("new", "queued"), null);
  assert.equal(status("old", "succeeded"), FLOOR);
});

test("shares count the steps of the current epoch", () => {
  assert.equal(doneShare(progress(1)), 0.25);
  assert.equal(doneShare(null), null);
  assert.equal(doneShare({ ...progress(1), epochs: 0 }), null);
});

test("a start is a time of the day", () => {
  assert.equal(startOf(item("b", 30), FLOOR), "2026-11-29T06:00:40.000Z");
  assert.equal(startOf(item("b", null), FLOOR), null);
});

test("a move names what comes before", () => {
  const queue = ["a", "b", "c", "d"].map((id) => item(id));
  assert.deepEqual(orderAfterMove(queue, 2, 0), ["c"]);
  assert.deepEqual(orderAfterMove(queue, 2, 1), ["a", "c"]);
  assert.deepEqual(orderAfterMove(queue, 0, 2), ["b", "c", "a"]);
  assert.deepEqual(orderAfterMove(queue, 9, 0), []);
});

test("a worker has runs and other work", () => {
  assert.deepEqual(
    runsOf(worker, FLOOR).map((each) => each.id),
    ["a"],
  );
  assert.deepEqual(othersOf(worker), [conversion]);
});

test("what a worker measures is shown without asking again", () => {
  const changed = { ...worker, memory: { used_bytes: 2e9, total_bytes: 8e9 } };
  const event = { kind: "worker", data: { name: "lab:1", state: "changed", worker: changed } } as const;
  const [after] = applyToFloor(FLOOR, event)?.workers ?? [];
  assert.equal(after?.memory?.used_bytes, 2e9);
  assert.deepEqual(after?.activities, worker.activities);
  for (const state of ["joined", "left"] as const)
    assert.equal(applyToFloor(FLOOR, { kind: "worker", data: { name: "lab:1", state, worker: null } }), null);
});

test("a conversion advances, and its end is asked for", () => {
  const event = (status: string, name = "own") =>
    ({ kind: "dataset", data: { name, status, progress: { done: 1, total: 4 }, error: null } }) as const;
  assert.equal(applyToFloor(FLOOR, event("converting"))?.workers[0]?.activities[1]?.done, 0.25);
  assert.equal(applyToFloor(FLOOR, event("ready")), null);
  assert.equal(applyToFloor(FLOOR, event("converting", "other")), null);
  assert.equal(applyToFloor(FLOOR, event("ready", "other")), FLOOR);
  const data = { experiment_id: "x", dataset: "mnist", status: "running", progress: null };
  assert.equal(applyToFloor(FLOOR, { kind: "evaluation", data }), null);
});

test("the disk is measured again when something has ended", () => {
  const status = (now: "running" | "succeeded") =>
    ({ kind: "status", data: runOf({ status: now }) }) as const;
  assert.equal(changesDisk(status("running")), false);
  assert.equal(changesDisk(status("succeeded")), true);
  assert.equal(changesDisk({ kind: "deleted", data: { experiment_id: "a" } }), true);
});

test("webhooks are told of ends and promotions", () => {
  const status = (now: "running" | "failed") => isTold({ kind: "status", data: runOf({ status: now }) });
  assert.deepEqual([status("running"), status("failed")], [false, true]);
  const serving = { dataset: "digits", experiment_id: "a", policy: "best" };
  assert.equal(isTold({ kind: "serving", data: serving }), true);
});
