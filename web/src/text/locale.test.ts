import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseLanguage, chooseLocale, plural } from "./locale.ts";

test("the first spoken language is chosen", () => {
  assert.equal(chooseLanguage(["de-DE", "ko-KR", "en"]), "ko");
  assert.equal(chooseLanguage(["de"]), "en");
  assert.equal(chooseLanguage(["en-US@posix"]), "en");
});

test("a locale is always one that Intl accepts", () => {
  for (const wanted of [["en-US@posix"], ["C"], ["", "xx-not-a-locale-at-all"], []]) {
    for (const language of ["en", "ko"] as const) {
      new Intl.NumberFormat(chooseLocale(language, wanted)).format(1);
    }
  }
  assert.equal(chooseLocale("en", ["en-US@posix"]), "en-US");
  assert.equal(chooseLocale("ko", ["en-GB"]), "ko");
});

test("plural forms follow the language", () => {
  const forms = { one: "1 run", other: "many runs" };
  assert.equal(plural("en", 1, forms), "1 run");
  assert.equal(plural("en", 0, forms), "many runs");
  assert.equal(plural("ko", 1, forms), "many runs");
});
