import assert from "node:assert/strict";
import { test } from "node:test";
import { endOf, fromField, grantable, type Key, splitKeys, toField } from "./access.ts";

const NOW = new Date("2026-12-01T12:00:00Z");

function key(changes: Partial<Key>): Key {
  return {
    id: "a",
    owner: "ann",
    name: "",
    scopes: ["read"],
    created_at: "2026-11-01T00:00:00Z",
    created_by: null,
    expires_at: null,
    revoked_at: null,
    last_used_on: null,
    ...changes,
  };
}

test("a key gives scopes that it has, an admin's any", () => {
  assert.deepEqual(grantable(["predict", "read"]), ["read", "predict"]);
  assert.equal(grantable(["admin"]).length, 7);
});

test("a key ends when it is revoked or expires", () => {
  assert.equal(endOf(key({}), NOW), null);
  assert.equal(endOf(key({ expires_at: "2026-12-01T12:00:01Z" }), NOW), null);
  assert.equal(endOf(key({ expires_at: "2026-12-01T12:00:00Z" }), NOW), "expired");
  assert.equal(endOf(key({ revoked_at: "2026-11-30T00:00:00Z" }), NOW), "revoked");
});

test("valid keys and ended ones are apart, the newest first", () => {
  const keys = [
    key({ id: "old" }),
    key({ id: "gone", revoked_at: "2026-11-30T00:00:00Z" }),
    key({ id: "new", created_at: "2026-11-02T00:00:00Z" }),
  ];
  const { valid, ended } = splitKeys(keys, NOW);
  assert.deepEqual(
    [...valid, ...ended].map(({ id }) => id),
    ["new", "old", "gone"],
  );
});

test("limits are written in fields and read from them", () => {
  assert.equal(toField("bytes", 2_500_000_000), "2.5");
  assert.equal(fromField("bytes", "2.5"), 2_500_000_000);
  assert.equal(toField("running", 0), "0");
  assert.equal(fromField("running", " "), null);
  assert.equal(toField("queued", null), "");
});
