import assert from "node:assert/strict";
import { test } from "node:test";
import { besides, readTab } from "./tabs.ts";

test("an unknown tab is the overview", () => {
  assert.equal(readTab(undefined), "overview");
  assert.equal(readTab("nonsense"), "overview");
  assert.equal(readTab("files"), "files");
});

test("tabs go round", () => {
  assert.equal(besides("overview", -1), "files");
  assert.equal(besides("files", 1), "overview");
  assert.equal(besides("network", 1), "confusion");
});
