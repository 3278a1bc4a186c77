import { isObject } from "../parts/patch.ts";

/** Values of a spec by their path: `training.optimizer.learning_rate`. */
export type FlatSpec = ReadonlyMap<string, string | number>;

const LABELS = new Set(["name", "notes", "tags", "based_on", "schema_version"]);

/**
 * What a spec says, flat. A layer is counted by its place: `model.layers.0.filters`; a list of plain values is one value.
 * What only labels an experiment is left out.
 */
export function flatten(spec: unknown): FlatSpec {
  const flat = new Map<string, string | number>();
  const visit = (value: unknown, path: string) => {
    if (Array.isArray(value) && !value.some((each) => typeof each === "object"))
      flat.set(path, value.join(", "));
    else if (typeof value === "object" && value !== null)
      for (const [name, each] of Object.entries(value)) visit(each, path ? `${path}.${name}` : name);
    else if (typeof value === "number" || typeof value === "string") flat.set(path, value);
    else if (typeof value === "boolean") flat.set(path, String(value));
  };
  if (typeof spec === "object" && spec !== null)
    for (const [name, value] of Object.entries(spec)) if (!LABELS.has(name)) visit(value, name);
  return flat;
}

/** What `dataset.add` of a spec names, with other datasets that are not there yet. */
export function joined(spec: unknown, names: readonly string[]): unknown[] {
  const dataset = isObject(spec) && isObject(spec.dataset) ? spec.dataset : {};
  const added: unknown[] = Array.isArray(dataset.add) ? dataset.add : [];
  const known = [dataset, ...added].map((each) => (isObject(each) ? each.name : each));
  return [...added, ...names.filter((each) => !known.includes(each))];
}

/** The end of a path that is enough to name it: `optimizer.learning_rate`, `layers.0.filters`. */
export function shortPath(path: string): string {
  const names = path.split(".");
  return names.slice(/^\d+$/.test(names.at(-2) ?? "") ? -3 : -2).join(".");
}
