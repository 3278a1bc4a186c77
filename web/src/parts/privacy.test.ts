import assert from "node:assert/strict";
import { test } from "node:test";
import { mayHide, textsIn } from "./privacy.ts";

const key = (owner: string, ...scopes: string[]) => ({ owner, scopes });

test("owners hide what is theirs, if their key allows it", () => {
  assert.equal(mayHide(key("ann", "read", "run"), "ann", "run"), true);
  assert.equal(mayHide(key("ann", "read", "run"), "ann", "data"), false);
  assert.equal(mayHide(key("ann", "read"), "ann", "run"), false);
  assert.equal(mayHide(key("bob", "read", "run"), "ann", "run"), false);
});

test("teachers hide runs, admins everything that has an owner", () => {
  assert.equal(mayHide(key("tina", "run", "teach"), "ann@b", "run"), true);
  assert.equal(mayHide(key("tina", "run", "data", "teach"), "ann@b", "data"), false);
  assert.equal(mayHide(key("root", "admin"), "ann", "data"), true);
  assert.equal(mayHide(key("root", "admin"), null, "run"), false);
});

test("datasets are found wherever a spec may name them", () => {
  const searched = { name: { $search: { choice: ["a", "b"] } }, add: ["c", { name: "d" }], limit: 5 };
  assert.deepEqual(textsIn(searched), ["a", "b", "c", "d"]);
  assert.deepEqual(textsIn(undefined), []);
});
