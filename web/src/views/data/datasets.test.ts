import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceEvent } from "../../api/events.ts";
import {
  applyToDatasets,
  classCounts,
  type Dataset,
  missingClasses,
  splitCounts,
  thumbnails,
} from "./datasets.ts";

function dataset(changes: Partial<Dataset> = {}): Dataset {
  const record = { status: "converting", progress: null, error: null } as unknown as Dataset["record"];
  return {
    name: "flowers",
    origin: "uploaded",
    status: "converting",
    shape: null,
    classes: ["rose", "tulip"],
    counts: { train: [5, 2], test: [1, 0], validation: [0, 0] },
    has_images: false,
    warnings: [],
    test_split: {
      hidden: false,
      hidden_at: null,
      sealed_until: null,
      revealed_at: [],
      peeks: 0,
      peeked_experiments: 0,
    },
    record,
    ...changes,
  };
}

function event(status: string, name = "flowers"): ServiceEvent {
  return { kind: "dataset", data: { name, status, progress: { done: 3, total: 9 }, error: null } };
}

test("progress changes the row and nothing else", () => {
  const list = [dataset({ name: "digits", origin: "built-in", record: null }), dataset()];
  const changed = applyToDatasets(list, event("converting"));
  assert.deepEqual(changed?.[1]?.record?.progress, { done: 3, total: 9 });
  assert.equal(changed?.[0], list[0]);
});

test("events that carry too little have the list fetched again", () => {
  for (const status of ["ready", "failed"]) assert.equal(applyToDatasets([dataset()], event(status)), null);
  assert.equal(applyToDatasets([dataset()], event("queued", "new")), null);
});

test("deleted dataset leaves the list", () => {
  assert.deepEqual(applyToDatasets([dataset()], event("deleted")), []);
  const list = [dataset()];
  assert.equal(applyToDatasets(list, event("deleted", "other")), list);
});

test("samples are counted by split and class", () => {
  assert.deepEqual(splitCounts(dataset()), [
    { split: "train", total: 7 },
    { split: "test", total: 1 },
  ]);
  assert.deepEqual(classCounts(dataset())[0], {
    label: "rose",
    counts: { train: 5, validation: 0, test: 1 },
    total: 6,
  });
});

test("thumbnails take classes in turn", () => {
  assert.deepEqual(thumbnails(dataset(), 3), [0, 1, 5]);
  assert.deepEqual(thumbnails(dataset(), 20), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(thumbnails(dataset({ origin: "built-in" }), 3), [0, 1, 2]);
  assert.deepEqual(thumbnails(dataset({ counts: {} }), 3), []);
});

test("classes without a training image are named", () => {
  assert.deepEqual(missingClasses(dataset({ counts: { train: [0, 2], test: [1, 0] } })), ["rose"]);
  assert.deepEqual(missingClasses(dataset({ counts: {} })), ["rose", "tulip"]);
});
