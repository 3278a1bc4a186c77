import { isObject } from "../../parts/patch.ts";
import { SEARCH, searchAround } from "../../parts/search.ts";
import { flow } from "../../parts/yaml.ts";
import type { Option } from "./complete.ts";
import type { Path } from "./document.ts";
import { type JsonSchema, typeName } from "./schema.ts";

const MEMBERS: Readonly<Record<string, string>> = {
  choice: "[a, b, …]",
  int: "[1, 10]",
  float: "[0.1, 0.5]",
  log: "true",
  step: "number",
};

/** Where a path is within `$search`: the place that is searched, and what follows; null outside of one. */
export function splitPath(path: Path): { outer: Path; inner: Path } | null {
  const at = path.indexOf(SEARCH);
  return at < 0 ? null : { outer: path.slice(0, at), inner: path.slice(at + 1) };
}

/** What `$search` may have: one of its kinds, then `log` and `step`. */
export function searchMembers(present: unknown): Option[] {
  const known = isObject(present) ? present : {};
  const kinds = ["choice", "int", "float"];
  const hasKind = kinds.some((kind) => kind in known);
  return Object.entries(MEMBERS).flatMap(([label, detail]) => {
    if (label in known || (hasKind && kinds.includes(label))) return [];
    if ("choice" in known) return [];
    return [{ label, insert: `${label}: `, detail, info: "", kind: "field" as const }];
  });
}

/** `$search` in place of a value: around its default, or over all that it may be. */
export function searchOptions(forms: readonly JsonSchema[], fallback: unknown, isJson: boolean): Option[] {
  const search = searchFor(forms, fallback);
  if (!search) return [];
  const value = { [SEARCH]: search };
  const insert = isJson ? JSON.stringify(value) : flow(value);
  return [{ label: SEARCH, insert, detail: flow(search), info: "", kind: "value" }];
}

function searchFor(forms: readonly JsonSchema[], fallback: unknown): Record<string, unknown> | null {
  const around = searchAround(fallback);
  if (around) return around;
  const listed = forms.flatMap((form) => form.enum ?? (form.const === undefined ? [] : [form.const]));
  if (listed.length) return { choice: listed };
  if (forms.some((form) => form.type === "boolean")) return { choice: [true, false] };
  if (forms.some((form) => form.type === "integer")) return { int: [8, 256], log: true };
  if (forms.some((form) => form.type === "number")) return { float: [0, 0.5] };
  const types = forms.map(typeName).filter((name) => name !== null);
  return types.length ? { choice: types.slice(0, 2).map((type) => ({ type })) } : null;
}
