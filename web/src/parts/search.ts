import { isObject } from "./patch.ts";

/** What is searched: `values` of a choice, or a range. */
export interface SearchDimension {
  /** The dotted path of the value in the spec. */
  name: string;
  kind: "choice" | "int" | "float";
  values: readonly unknown[] | null;
  low: number | null;
  high: number | null;
  step: number | null;
  log: boolean;
}

export const SEARCH = "$search";

/** The dimensions of a spec with `$search` in it; what is wrong there is left out. */
export function dimensionsOf(value: unknown, path = ""): SearchDimension[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => dimensionsOf(each, join(path, index)));
  if (!isObject(value)) return [];
  if (SEARCH in value) return dimensionOf(value[SEARCH], path);
  return Object.entries(value).flatMap(([name, each]) => dimensionsOf(each, join(path, name)));
}

export function hasSearch(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasSearch);
  return isObject(value) && (SEARCH in value || Object.values(value).some(hasSearch));
}

function join(path: string, part: string | number): string {
  return path ? `${path}.${part}` : String(part);
}

function dimensionOf(search: unknown, name: string): SearchDimension[] {
  if (!isObject(search)) return [];
  const none = { name, values: null, low: null, high: null, step: null, log: false };
  if (Array.isArray(search.choice)) return [{ ...none, kind: "choice", values: search.choice }];
  const kind = "int" in search ? "int" : "float";
  const bounds = search[kind];
  if (!Array.isArray(bounds)) return [];
  const [low = null, high = null] = bounds.map((each) => (typeof each === "number" ? each : null));
  const step = typeof search.step === "number" ? search.step : null;
  return [{ ...none, kind, low, high, step, log: search.log === true }];
}

/** The values of a dimension: "16, 32, 64", "0.0001 – 0.1". */
export function rangeText({ values, low, high }: SearchDimension): string {
  return values ? values.map(valueText).join(", ") : `${valueText(low)} – ${valueText(high)}`;
}

/** A value of a point in short: layers and sections by their type and what they have beside it. */
export function valueText(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : shortNumber(value);
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (!isObject(value)) return String(value ?? "–");
  const { type, ...rest } = value;
  const members = Object.entries(rest).map(([name, each]) => `${name} ${valueText(each)}`);
  if (typeof type !== "string") return `{${members.join(", ")}}`;
  return members.length ? `${type} (${members.join(", ")})` : type;
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4))).replace("e+", "e");
}

/** A value as charts place it: numbers on a scale, all others as words. */
export function plotted(value: unknown): number | string | null {
  if (value === undefined) return null;
  return typeof value === "number" ? value : valueText(value);
}

/**
 * What to search in place of a number: a rate around it, on a logarithmic scale; halves and doubles of a whole number;
 * of a share from 0 to 1, such as that of a dropout, those beside it. Null for what is no number.
 */
export function searchAround(value: unknown): Record<string, unknown> | null {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return null;
  if (value === 0) return { float: [0, 0.5], step: 0.1 };
  if (Number.isInteger(value)) {
    const choice = [Math.ceil(value / 4), Math.ceil(value / 2), value, value * 2];
    return { choice: [...new Set(choice)] };
  }
  if (value >= 0.1 && value < 1) return { float: [tidy(value / 2), tidy(Math.min(0.95, value * 1.5))] };
  return { float: [tidy(value / 10), tidy(value * 10)], log: true };
}

function tidy(value: number): number {
  return Number(value.toPrecision(3));
}
