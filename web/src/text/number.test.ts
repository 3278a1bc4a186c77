import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, compact, duration, metric, percent, shortTime, significant } from "./number.ts";

test("numbers keep their significant digits", () => {
  assert.equal(significant(0.98312, "en"), "0.983");
  assert.equal(significant(12345.6, "en"), "12,346");
  assert.equal(significant(0.0000123, "en"), "1.23e-5");
  assert.equal(significant(0, "en"), "0");
});

test("what is no number is shown as what it is", () => {
  for (const format of [significant, metric, percent, compact]) {
    assert.equal(format(null, "en"), "–");
    assert.equal(format(Number.NaN, "en"), "NaN");
    assert.equal(format(Number.POSITIVE_INFINITY, "en"), "∞");
  }
  assert.equal(duration(Number.NaN), "–");
  assert.equal(bytes(undefined, "en"), "–");
});

test("metrics line up", () => {
  assert.equal(metric(0.9, "en"), "0.9000");
  assert.equal(metric(0.00001, "en"), "1.0e-5");
  assert.equal(percent(0.9831, "en"), "98.31%");
});

test("durations show their largest units", () => {
  assert.deepEqual([0.42, 9.96, 59.6, 185, 7385, 266_400].map(duration), [
    "0.42 s",
    "10.0 s",
    "1:00",
    "3:05",
    "2:03:05",
    "3 d 2 h",
  ]);
});

test("sizes have decimal units", () => {
  assert.deepEqual(
    [0, 999, 1234, 61_000_000].map((size) => bytes(size, "en")),
    ["0 B", "999 B", "1.2 kB", "61 MB"],
  );
});

test("times of today have no date", () => {
  const now = new Date(2026, 10, 29, 12);
  assert.match(shortTime(new Date(2026, 10, 29, 9, 5).toISOString(), "en", now), /9:05/);
  assert.match(shortTime(new Date(2026, 2, 1).toISOString(), "en", now), /Mar 1/);
  assert.equal(shortTime("nonsense", "en", now), "–");
});
