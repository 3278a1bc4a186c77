import type { Fault } from "../../api/problem.ts";
import { type Span, SpecText } from "./document.ts";

/** A word of the text with a message. */
export interface Mark extends Span {
  severity: "error" | "warning";
  message: string;
}

/** The faults of an answer, each at its word. */
export function marksOf(text: string, faults: readonly Fault[], warnings: readonly string[] = []): Mark[] {
  const spec = new SpecText(text);
  const errors = faults.map((fault): Mark => {
    const atText = fault.pointer === "" ? spec.syntaxError : null;
    const span = atText ?? spec.spanOf(fault.pointer, isUnknownField(fault));
    return { ...span, severity: "error", message: fault.detail };
  });
  const advice = warnings.flatMap((sentence): Mark[] => {
    const pointer = pointerOfWarning(sentence);
    return pointer === null ? [] : [{ ...spec.spanOf(pointer), severity: "warning", message: sentence }];
  });
  return [...errors, ...advice].sort((a, b) => a.from - b.from);
}

function isUnknownField(fault: Fault): boolean {
  return fault.detail.startsWith("unknown field");
}

const SECTIONS = /^(dataset|preprocessing|augmentation|model|training)((?:\.\w+|\[\d+\])+)[\s:]/;

/** Warnings begin with the field that they are about: `augmentation.layers[0] RandomFlip: ...`, or with the layer. */
export function pointerOfWarning(sentence: string): string | null {
  const found = SECTIONS.exec(sentence.replace(/^layers\[/, "model.layers["));
  if (!found) return null;
  const rest = (found[2] ?? "").replaceAll("[", "/").replaceAll("]", "").replaceAll(".", "/");
  return `/${found[1]}${rest}`;
}

/** The faults without what is only a list of alternatives: the sentence up to "known:" or "known here:". */
export function shortDetail(detail: string): string {
  const at = detail.search(/[;,]? known(?: here)?: /);
  return at > 0 && detail.length > 160 ? detail.slice(0, at).replace(/\?$/, "?") : detail;
}

/** Line and column of a position, from 1. */
export function lineOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
