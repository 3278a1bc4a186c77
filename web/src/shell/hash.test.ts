import assert from "node:assert/strict";
import { test } from "node:test";
import { formatHash, merge, parseHash } from "./hash.ts";

test("a hash is read as view, arguments and query", () => {
  const place = parseHash("#/run/01K6/curves?x=seconds&select=a&select=b");
  assert.equal(place.view, "run");
  assert.deepEqual(place.args, ["01K6", "curves"]);
  assert.deepEqual(place.query.getAll("select"), ["a", "b"]);
});

test("no hash is the first view, a broken one is no error", () => {
  assert.equal(parseHash("").view, "runs");
  assert.deepEqual(parseHash("#/data/%E0%A4%A").args, ["%E0%A4%A"]);
});

test("a hash is written as it is read", () => {
  const hash = formatHash("data", ["my set/1"], { class: "7 & 8", page: 2, empty: "", none: null });
  const place = parseHash(hash);
  assert.deepEqual([place.view, place.args], ["data", ["my set/1"]]);
  assert.equal(place.query.get("class"), "7 & 8");
  assert.equal(place.query.get("page"), "2");
  assert.equal(place.query.has("empty"), false);
});

test("changed values replace, lists repeat, null removes", () => {
  const merged = merge(new URLSearchParams("a=1&b=2"), { a: null, b: ["3", "4"], c: true });
  assert.equal(merged.toString(), "b=3&b=4&c=true");
});
