import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { pathOf, qrCode } from "./qr.ts";

function digest(text: string): string {
  const rows = qrCode(text).map((row) => row.map(Number).join(""));
  return createHash("sha256").update(rows.join("\n")).digest("hex").slice(0, 16);
}

test("full codes are those of segno", () => {
  assert.equal(qrCode("e".repeat(180)).length, 53);
  assert.equal(digest("e".repeat(180)), "6750de26b7c6f04d");
  assert.equal(digest("r".repeat(213)), "4f2a0eab7d05c297");
});

test("the smallest version that fits is taken", () => {
  assert.equal(qrCode("a".repeat(14)).length, 21);
  assert.equal(qrCode("a".repeat(15)).length, 25);
  assert.throws(() => qrCode("a".repeat(214)), /214 bytes/);
});

test("a path has a square for each dark module", () => {
  assert.equal(
    pathOf([
      [true, false],
      [false, true],
    ]),
    "M0 0h1v1h-1zM1 1h1v1h-1z",
  );
});
