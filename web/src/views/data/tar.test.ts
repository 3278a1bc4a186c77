import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packTar } from "./tar.ts";

const LONG = `${"deep/".repeat(30)}1.png`;

test("tar reads back what was packed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tar-"));
  try {
    const contents: Record<string, string> = {
      "rose/1.png": "a rose",
      "튤립/2.png": "a tulip",
      "empty.txt": "",
      "rose/full.bin": "x".repeat(1024),
      [LONG]: "deep",
    };
    const members = Object.entries(contents).map(([path, text]) => ({ path, content: new Blob([text]) }));
    const file = join(folder, "packed.tar");
    writeFileSync(file, Buffer.from(await packTar(members).arrayBuffer()));
    const listed = execFileSync("tar", ["--quoting-style=literal", "-tf", file], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    assert.deepEqual(listed.trimEnd().split("\n"), Object.keys(contents));
    execFileSync("tar", ["-xf", file, "-C", folder]);
    for (const [path, text] of Object.entries(contents))
      assert.equal(readFileSync(join(folder, path), "utf8"), text);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("tar is whole blocks and ends with two empty ones", async () => {
  const packed = packTar([{ path: "a", content: new Blob(["abc"]), modified: 1_700_000_000_000 }]);
  assert.equal(packed.size, 4 * 512);
  const bytes = new Uint8Array(await packed.arrayBuffer());
  assert.equal(
    bytes.slice(2 * 512).every((byte) => byte === 0),
    true,
  );
  const sum = bytes.slice(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  assert.equal(Number.parseInt(new TextDecoder().decode(bytes.slice(148, 154)), 8), sum);
});
