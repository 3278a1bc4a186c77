import { isObject } from "../../parts/patch.ts";
import { hasSearch, SEARCH, searchAround } from "../../parts/search.ts";
import { flow, toYaml } from "../../parts/yaml.ts";
import { isJson, type Span, SpecText } from "./document.ts";

/** How to search: what a document of a sweep has beside `experiment`, such as `trials`. */
export type Members = Readonly<Record<string, unknown>>;

/** Whether a text is that of a sweep; one that cannot be read is if it says so. */
export function isSweepText(text: string, values: unknown, isReadable: boolean): boolean {
  return isReadable ? hasSearch(values) : text.includes(SEARCH);
}

/** The document of a sweep as text: the spec as it is written, with the members behind it. */
export function sweepText(spec: string, members: Members): string {
  const set = Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== null && value !== undefined),
  );
  if (isJson(spec)) return `${JSON.stringify({ experiment: JSON.parse(spec), ...set }, null, 2)}\n`;
  const inner = spec.trimEnd().split("\n");
  const lines = inner.map((line) => (line.trim() ? `  ${line}` : ""));
  return `experiment:\n${lines.join("\n")}\n${Object.keys(set).length ? `${toYaml(set)}\n` : ""}`;
}

/** The spec and the other members of a document of a sweep; null for any other text. */
export function splitSweep(text: string): { spec: Record<string, unknown>; members: Members } | null {
  const spec = new SpecText(text);
  if (spec.syntaxError) return null;
  const { experiment, ...members } = spec.value;
  return isObject(experiment) && hasSearch(experiment) ? { spec: experiment, members } : null;
}

const EXPERIMENT = "/experiment";

/** Where in the spec a pointer into the document of a sweep leads; null for another member. */
export function specPointer(pointer: string): string | null {
  return pointer === EXPERIMENT || pointer.startsWith(`${EXPERIMENT}/`)
    ? pointer.slice(EXPERIMENT.length)
    : null;
}

/** The member of a sweep that a pointer leads into: `trials`. */
export function memberOf(pointer: string): string {
  return pointer.split("/")[1] ?? "";
}

/** A spec in which the learning rate and the batch size are searched, around those that it has. */
export function searched(spec: Record<string, unknown>): Record<string, unknown> {
  const training = isObject(spec.training) ? spec.training : {};
  const optimizer = isObject(training.optimizer) ? training.optimizer : { type: "Adam" };
  const { learning_rate: rate = 0.001 } = optimizer;
  const around =
    typeof rate === "number" && rate > 0
      ? { [SEARCH]: { float: [rate / 10, Math.min(10, rate * 10)].map(tidy), log: true } }
      : rate;
  const { batch_size: size = 32 } = training;
  return {
    ...spec,
    training: {
      ...training,
      batch_size: { [SEARCH]: searchAround(size) ?? { choice: [size] } },
      optimizer: { ...optimizer, learning_rate: around },
    },
  };
}

function tidy(value: number): number {
  return Number(value.toPrecision(3));
}

/** What to write in place of the number at a position of a text to search around it; null where there is none. */
export function searchAt(text: string, offset: number): (Span & { insert: string }) | null {
  const spec = new SpecText(text);
  const path = spec.placeAt(offset)?.path;
  if (!path || path.includes(SEARCH)) return null;
  const value = path.reduce<unknown>(
    (holder, part) => (holder as Record<string, unknown>)?.[part],
    spec.value,
  );
  const search = searchAround(value);
  if (!search) return null;
  const span = spec.spanOf(path.map((part) => `/${escapePart(String(part))}`).join(""));
  const around = { [SEARCH]: search };
  return { ...span, insert: isJson(text) ? JSON.stringify(around) : flow(around) };
}

function escapePart(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}
