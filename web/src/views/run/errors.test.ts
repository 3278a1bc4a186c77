import assert from "node:assert/strict";
import { test } from "node:test";
import { classOfKey, keysOf, readFilter, suspectsFirst, toQuery } from "./errors.ts";

test("the hash is the query of the service", () => {
  const filter = readFilter(
    new URLSearchParams("split=validation&true=4&predicted=a%20b&order=margin&suspect=true"),
  );
  assert.equal(
    toQuery(filter, 60),
    "split=validation&limit=60&true=4&predicted=a+b&suspect=true&sort=margin",
  );
});

test("what the hash does not say is the default", () => {
  const filter = readFilter(new URLSearchParams("split=all&order=best"));
  assert.equal(toQuery(filter, 50), "split=test&limit=50&sort=-confidence");
  assert.equal(filter.order, "suspect");
});

test("suspects come first and once", () => {
  const of = (...ids: number[]) => ids.map((index) => ({ index }));
  assert.deepEqual(suspectsFirst(of(5, 2), of(1, 2, 3, 5)), of(5, 2, 1, 3));
  assert.deepEqual(suspectsFirst([], of(1)), of(1));
});

test("digits are the keys of classes named so", () => {
  const digits = [..."0123456789"];
  assert.equal(classOfKey("7", digits), "7");
  assert.deepEqual(keysOf(digits), digits);
  assert.equal(classOfKey("3", ["8", "3"]), "3");
  assert.equal(classOfKey("0", ["8", "3"]), null);
});

test("positions are the keys of classes with longer names", () => {
  const flowers = ["daisy", "rose", "tulip"];
  assert.deepEqual(keysOf(flowers), ["0", "1", "2"]);
  assert.equal(classOfKey("1", flowers), "rose");
  assert.equal(classOfKey("7", flowers), null);
  assert.equal(classOfKey("x", flowers), null);
});

test("a hundred classes have no keys", () => {
  const labels = Array.from({ length: 100 }, (_, index) => `class ${index}`);
  assert.ok(keysOf(labels).every((key) => key === ""));
});
