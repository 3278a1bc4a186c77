import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, choose, isName, type Picked, toName } from "./choice.ts";

const picked = (path: string, text = "x"): Picked => ({ path, file: new Blob([text]) });

test("archive is sent as it is", () => {
  const one = picked("Flowers 17.tar.gz", "archive");
  const choice = choose([one]);
  assert.equal(choice?.kind, "archive");
  assert.equal(choice?.name, "flowers-17");
  assert.equal(choice && bodyOf(choice), one.file);
});

test("arrays are sent as they are", () => {
  const choice = choose([picked("my-digits.npz")]);
  assert.equal(choice?.kind, "archive");
  assert.equal(choice?.name, "my-digits");
});

test("folder is packed without what systems leave", async () => {
  const files = [
    "rose/1.jpg",
    "tulip/2.PNG",
    "labels.csv",
    ".DS_Store",
    "rose/.hidden",
    "__MACOSX/rose/1.jpg",
  ];
  const choice = choose(files.map((path) => picked(`flowers/${path}`)));
  assert.deepEqual(
    choice?.files.map(({ path }) => path),
    ["flowers/rose/1.jpg", "flowers/tulip/2.PNG", "flowers/labels.csv"],
  );
  assert.deepEqual([choice?.kind, choice?.name, choice?.images, choice?.bytes], ["folder", "flowers", 2, 3]);
  const sent = choice && new TextDecoder().decode(await bodyOf(choice).arrayBuffer());
  assert.ok(sent?.startsWith("flowers/rose/1.jpg\0"));
});

test("several folders have no name in common", () => {
  assert.equal(choose([picked("rose/1.jpg"), picked("tulip/1.jpg")])?.name, "");
  assert.equal(choose([picked("1.jpg"), picked("2.jpg")])?.name, "");
});

test("one image is no archive", () => {
  assert.equal(choose([picked("cat.0.jpg")])?.kind, "folder");
});

test("nothing to send", () => {
  assert.equal(choose([]), null);
  assert.equal(choose([picked("flowers/.DS_Store")]), null);
});

test("names are made valid", () => {
  assert.equal(toName("Été 2024 (final)"), "ete-2024-final");
  assert.equal(toName("꽃"), "");
  assert.equal(toName("__x"), "x");
  assert.equal(toName("a".repeat(80)).length, 50);
  for (const name of ["flowers", "1-a_b"]) assert.ok(isName(name));
  for (const name of ["", "-a", "A", "a b", "a".repeat(51)]) assert.ok(!isName(name));
});
