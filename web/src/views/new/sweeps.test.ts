import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts, keyOf, queryOf, type Start, startOf } from "./drafts.ts";
import { commandLine, curlLine } from "./lines.ts";
import { presetText } from "./starts.ts";
import { isSweepText, memberOf, searchAt, searched, specPointer, splitSweep, sweepText } from "./sweeps.ts";

const SPEC = "# mine\nmodel: {preset: digits-cnn}\ntraining:\n  batch_size: {$search: {choice: [16, 32]}}\n";

test("a spec with a search in it is that of a sweep", () => {
  assert.equal(isSweepText(SPEC, { training: { batch_size: { $search: {} } } }, true), true);
  assert.equal(isSweepText("# $search", {}, true), false);
  assert.equal(isSweepText("training: {epochs: {$search", {}, false), true);
});

test("the document of a sweep has the spec as it is written", () => {
  const text = sweepText(SPEC, {
    trials: 9,
    minutes: undefined,
    method: null,
    repeats: { seeds: 3, of_best: 3 },
  });
  assert.equal(
    text,
    `experiment:
  # mine
  model: {preset: digits-cnn}
  training:
    batch_size: {$search: {choice: [16, 32]}}
trials: 9
repeats: {seeds: 3, of_best: 3}
`,
  );
  assert.deepEqual(JSON.parse(sweepText('{"model": {}}', { trials: 2 })), {
    experiment: { model: {} },
    trials: 2,
  });
});

test("a document of a sweep is taken apart", () => {
  const { spec, members } = splitSweep(sweepText(SPEC, { trials: 9 })) ?? {};
  assert.deepEqual(members, { trials: 9 });
  assert.deepEqual(spec?.model, { preset: "digits-cnn" });
  for (const text of [SPEC, "experiment: {model: {}}", "experiment: [", ""])
    assert.equal(splitSweep(text), null);
});

test("pointers lead into the spec, or name a member", () => {
  assert.equal(specPointer("/experiment/training/epochs"), "/training/epochs");
  assert.equal(specPointer("/experiment"), "");
  assert.equal(specPointer("/experiments"), null);
  assert.equal(specPointer("/trials"), null);
  assert.equal(memberOf("/repeats/seeds"), "repeats");
});

test("rate and batch size are searched around what a spec has", () => {
  const { training } = searched({ training: { epochs: 3, optimizer: { type: "SGD", learning_rate: 0.02 } } });
  assert.deepEqual(training, {
    epochs: 3,
    batch_size: { $search: { choice: [8, 16, 32, 64] } },
    optimizer: { type: "SGD", learning_rate: { $search: { float: [0.002, 0.2], log: true } } },
  });
  const schedule = { type: "CosineDecay" };
  const kept = searched({ training: { optimizer: { type: "Adam", learning_rate: schedule } } });
  assert.deepEqual((kept.training as { optimizer: object }).optimizer, {
    type: "Adam",
    learning_rate: schedule,
  });
  const preset = {
    name: "p",
    title: "",
    source: "",
    parameters: 1,
    spec: { model: { preset: "p" } },
    layers: [],
    measured: null,
  };
  assert.match(
    presetText(preset, "", { search: true }),
    /learning_rate: \{\$search: \{float: \[0.0001, 0.01\], log: true\}\}/,
  );
});

test("the number at the cursor becomes a search", () => {
  const text = "training:\n  epochs: 20 # few\n  optimizer: {type: Adam}\n";
  const at = searchAt(text, text.indexOf("20") + 1);
  assert.equal(at?.insert, "{$search: {choice: [5, 10, 20, 40]}}");
  assert.equal(text.slice(at?.from, at?.to), "20");
  assert.equal(searchAt(text, text.indexOf("epochs") + 2)?.from, at?.from, "its name will do");
  assert.equal(searchAt(text, text.indexOf("Adam")), null);
  assert.equal(searchAt(text, text.length), null);
  const json = '{"training": {"epochs": 20}}';
  assert.equal(searchAt(json, json.indexOf("20"))?.insert, '{"$search":{"choice":[5,10,20,40]}}');
  const searching = "training: {epochs: {$search: {int: [1, 9]}}}";
  assert.equal(searchAt(searching, searching.indexOf("9")), null);
});

test("a start may be searched around, with a draft of its own", () => {
  const start = startOf(new URLSearchParams("from=01K6&search=true"));
  assert.deepEqual(start, { kind: "run", id: "01K6", search: true });
  assert.deepEqual(start && queryOf(start), { from: "01K6", search: true });
  assert.notEqual(start && keyOf(start), keyOf({ kind: "run", id: "01K6" }));
  const kept = new Map<string, string>();
  const drafts = new Drafts({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    key: () => null,
    length: 0,
  });
  drafts.put(start as Start, { text: "a", origin: "a", sweep: { trials: 3 } });
  assert.deepEqual(drafts.get(start as Start)?.sweep, { trials: 3 });
});

test("a sweep has its lines", () => {
  const use = { isSweep: true, repeats: 1, isPrivate: null };
  assert.match(curlLine("http://h:1", "a: 1", use), /^curl http:\/\/h:1\/sweeps /);
  assert.match(
    commandLine("http://h:1", "a: 1", use),
    /^trainyard sweep start - --watch --url http:\/\/h:1 /,
  );
});
