import assert from "node:assert/strict";
import { test } from "node:test";
import { hasScope, mayChange } from "./rights.ts";

const key = (owner: string, ...scopes: string[]) => ({ owner, scopes });

test("a key has its scopes, an admin's all", () => {
  assert.equal(hasScope(key("ann", "read", "run"), "run"), true);
  assert.equal(hasScope(key("ann", "read", "run"), "admin"), false);
  assert.equal(hasScope(key("root", "admin"), "serve"), true);
});

test("owners change what is theirs or nobody's, if their key allows it", () => {
  assert.equal(mayChange(key("ann", "run"), "ann", "run"), true);
  assert.equal(mayChange(key("ann", "run"), null, "run"), true);
  assert.equal(mayChange(key("ann", "read"), null, "run"), false);
  assert.equal(mayChange(key("ann", "run"), "ann", "data"), false);
  assert.equal(mayChange(key("bob", "run", "data"), "ann", "run"), false);
  assert.equal(mayChange(key("bob", "serve"), "ann", "serve"), false);
  assert.equal(mayChange(key("bob", "serve"), null, "serve"), true);
});

test("teachers change runs of others, admins everything", () => {
  assert.equal(mayChange(key("tina", "run", "teach"), "ann@b", "run"), true);
  assert.equal(mayChange(key("tina", "teach"), "ann@b", "run"), false);
  assert.equal(mayChange(key("tina", "data", "teach"), "ann@b", "data"), false);
  assert.equal(mayChange(key("tina", "serve", "teach"), "ann@b", "serve"), false);
  assert.equal(mayChange(key("root", "admin"), "ann", "data"), true);
});
