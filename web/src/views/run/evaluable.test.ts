import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluable } from "./evaluable.ts";

test("datasets with known classes alone can be evaluated on", () => {
  const ready = (name: string, ...classes: string[]) => ({ name, status: "ready", classes });
  const datasets = [
    ready("own", "0", "1"),
    ready("fewer", "1"),
    ready("more", "0", "1", "2"),
    ready("empty"),
    { ...ready("queued", "0"), status: "queued" },
  ];
  assert.deepEqual(
    evaluable(datasets, "own", ["0", "1"]).map(({ name }) => name),
    ["fewer"],
  );
});
