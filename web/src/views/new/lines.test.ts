import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine, curlLine, mediaTypeOf, pathOf, type Use } from "./lines.ts";

const HOST = "http://h:1";
const used = (changes: Partial<Use> = {}): Use => ({
  isSweep: false,
  repeats: 1,
  isPrivate: null,
  ...changes,
});

test("a spec has its curl line", () => {
  const line = curlLine(HOST, "model: {preset: 'a'}\nSPEC\n", used());
  assert.match(
    line,
    /^curl http:\/\/h:1\/experiments -H 'Content-Type: application\/yaml' --data-binary @- <<'SPEC_'\n/,
  );
  assert.match(line, /\nSPEC\nSPEC_$/);
  assert.equal(mediaTypeOf('{"model": {}}'), "application/json");
});

test("the lines repeat as often as is chosen", () => {
  const use = used({ repeats: 3 });
  assert.match(curlLine(HOST, "{}", use), /^curl 'http:\/\/h:1\/experiments\?repeats=3' -H/);
  assert.match(commandLine(HOST, "{}", use), /^trainyard submit - --watch --repeats 3 --url/);
});

test("the lines say what is private", () => {
  const hidden = used({ isPrivate: true });
  assert.match(curlLine(HOST, "{}", hidden), /^curl 'http:\/\/h:1\/experiments\?private=true' -H/);
  assert.match(commandLine(HOST, "{}", hidden), /^trainyard submit - --watch --private --url/);
  const shown = used({ isSweep: true, isPrivate: false });
  assert.match(commandLine(HOST, "{}", shown), /^trainyard sweep start - --watch --public --url/);
});

test("a sweep is not repeated, and by default nothing is asked for", () => {
  assert.equal(pathOf(used({ isSweep: true, repeats: 3 })), "/sweeps");
  assert.equal(pathOf(used({ repeats: 2, isPrivate: false })), "/experiments?repeats=2&private=false");
});
