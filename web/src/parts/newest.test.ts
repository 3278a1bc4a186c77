import assert from "node:assert/strict";
import { test } from "node:test";
import { Newest } from "./newest.ts";

test("one is asked at a time, and the newest wins", async () => {
  const asked: string[] = [];
  const received: string[] = [];
  const answers: (() => void)[] = [];
  const newest = new Newest<string, string>(
    (text) => {
      asked.push(text);
      return new Promise((resolve) => answers.push(() => resolve(text.toUpperCase())));
    },
    (_, answer) => received.push(answer),
  );
  newest.want("a");
  newest.want("b");
  newest.want("c");
  assert.deepEqual(asked, ["a"]);
  answers[0]?.();
  await settled();
  assert.deepEqual([asked, received], [["a", "c"], ["A"]]);
  answers[1]?.();
  await settled();
  assert.deepEqual(received, ["A", "C"]);
  newest.want("d");
  assert.deepEqual(asked.at(-1), "d");
});

test("what is wanted at the moment of an answer is asked", async () => {
  const received: [string, boolean][] = [];
  const newest: Newest<string, string> = new Newest(
    (text) => Promise.resolve(text.toUpperCase()),
    (text, answer, isNewest) => {
      received.push([answer, isNewest]);
      if (text === "a") newest.want("b");
    },
  );
  newest.want("a");
  await settled();
  assert.deepEqual(received, [
    ["A", true],
    ["B", true],
  ]);
});

test("an answer is not the newest while another is wanted", async () => {
  const received: [string, boolean][] = [];
  const newest = new Newest<string, string>(
    (text) => Promise.resolve(text),
    (_, answer, isNewest) => received.push([answer, isNewest]),
  );
  newest.want("a");
  newest.want("b");
  await settled();
  assert.deepEqual(received, [
    ["a", false],
    ["b", true],
  ]);
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
