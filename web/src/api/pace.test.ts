import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { mapPaced } from "./pace.ts";

test("no more than a few are under way, and results keep their order", async () => {
  let [underWay, most] = [0, 0];
  const items = Array.from({ length: 300 }, (_, index) => index);
  const results = await mapPaced(items, 6, async (item) => {
    most = Math.max(most, ++underWay);
    // Later ones end before earlier ones.
    for (let turn = 0; turn < 3 - (item % 3); turn++) await setImmediate();
    underWay--;
    return 2 * item;
  });
  assert.equal(most, 6);
  assert.deepEqual(
    results,
    items.map((item) => 2 * item),
  );
});

test("fewer items than may be under way are all taken, none is fine", async () => {
  assert.deepEqual(await mapPaced(["a", "b"], 6, async (item) => item + item), ["aa", "bb"]);
  assert.deepEqual(await mapPaced([], 6, async (item) => item), []);
});

test("a failure is thrown", async () => {
  await assert.rejects(
    mapPaced([1, 2], 1, () => Promise.reject(new Error("away"))),
    /away/,
  );
});
