import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, namesIn } from "./students.ts";

test("names are pasted one in a line", () => {
  assert.deepEqual(namesIn("Ann  Müller\n\n Bob \r\nCem"), ["Ann Müller", "Bob", "Cem"]);
  assert.deepEqual(namesIn(" \n"), []);
});

test("a header says which columns have the name", () => {
  assert.deepEqual(namesIn("Nr;Nachname;Vorname\n1;Müller;Ann\n2;;Bob"), ["Ann Müller", "Bob"]);
  assert.deepEqual(namesIn('id,Name\n1,"Özgür, Cem"\n2,"Ann ""A"" B"'), ["Özgür, Cem", 'Ann "A" B']);
});

test("files of spreadsheets are read in their encodings", () => {
  assert.equal(decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x41])), "A");
  assert.equal(decode(new Uint8Array([0xff, 0xfe, 0x41, 0x00])), "A");
  assert.equal(decode(new Uint8Array([0x4d, 0xfc, 0x6c])), "Mül");
});
