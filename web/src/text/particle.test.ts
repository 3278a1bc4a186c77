import assert from "node:assert/strict";
import { test } from "node:test";
import { attach } from "./particle.ts";

test("the form follows the last sound of a Korean word", () => {
  assert.equal(attach("신경망", "을/를"), "신경망을");
  assert.equal(attach("나비", "이/가"), "나비가");
  assert.equal(attach("배추흰나비 (암컷과 수컷)", "은/는"), "배추흰나비 (암컷과 수컷)은");
});

test("digits and percent are followed as they are read", () => {
  const digits = [...Array(10).keys()].map((digit) => attach(String(digit), "을/를").slice(-1)).join("");
  assert.equal(digits, "을을를을를를을을을를");
  assert.equal(attach("98.1%", "으로/로"), "98.1%로");
});

test("a word that ends in rieul takes the short form of 으로", () => {
  assert.equal(attach("7", "으로/로"), "7로");
  assert.equal(attach("3", "으로/로"), "3으로");
  assert.equal(attach("서울", "으로/로"), "서울로");
});

test("both forms follow what is read in more than one way", () => {
  assert.equal(attach("digits-cnn", "을/를"), "digits-cnn을(를)");
  assert.equal(attach("CNN", "으로/로"), "CNN(으)로");
  assert.equal(attach("", "이라고/라고"), "(이)라고");
});
