import assert from "node:assert/strict";
import { test } from "node:test";
import { SseParser } from "./sse.ts";

const STREAM = 'id: 7\nevent: epoch\ndata: {"a":\ndata: 1}\n\n: ping\n\ndata: x\r\n\r\n';
const MESSAGES = [
  { event: "epoch", data: '{"a":\n1}', id: "7" },
  { event: "message", data: "x", id: "7" },
];

test("messages are read in pieces of any size", () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const parser = new SseParser();
    const found = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...parser.feed(STREAM.slice(at, at + size)));
    assert.deepEqual(found, MESSAGES, `pieces of ${size}`);
  }
});

test("comments and events without data are no messages", () => {
  assert.deepEqual(new SseParser().feed(": hello\n\nevent: x\n\nid: 3\n\n"), []);
});
