import type { Schema } from "../api/client.ts";
import { speech } from "./catalogue.svelte.ts";
import * as ko from "./ko/findings.ts";

type Finding = Schema<"Finding">;

/** What a finding says in the chosen language: the service's own words in English, or where there is no translation. */
export function sentenceOf(finding: Finding): string {
  return (speech.language === "ko" ? ko.sentence(finding) : null) ?? finding.sentence;
}

/** What its suggestion says; empty without one. */
export function adviceOf(finding: Finding): string {
  const english = finding.suggestion?.sentence ?? "";
  return (speech.language === "ko" && english ? ko.advice(finding) : null) ?? english;
}
