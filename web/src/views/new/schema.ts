import { isObject } from "../../parts/patch.ts";
import type { Path } from "./document.ts";

/** Of JSON Schema, what the OpenAPI document uses for specs. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** The schema of a spec: what may stand where. */
export class SpecSchema {
  readonly #schemas: Record<string, JsonSchema>;
  readonly #root: JsonSchema;

  /** `schemas` are `components.schemas` of the OpenAPI document. */
  constructor(schemas: Record<string, JsonSchema>, root = "ExperimentSpec") {
    this.#schemas = schemas;
    this.#root = schemas[root] ?? {};
  }

  /** The schemas that the value at a path may have; those of objects are distinguished by `type` in `document`. */
  at(path: Path, document: unknown): JsonSchema[] {
    let found = [this.#root];
    let value = document;
    for (const part of path) {
      const holders = narrow(
        found.flatMap((each) => this.alternatives(each)),
        value,
      );
      found = holders.flatMap((each) => memberOf(each, part));
      value = isObject(value) || Array.isArray(value) ? (value as Record<string, unknown>)[part] : undefined;
    }
    return found;
  }

  /** What a value at a path may be, without the forms that its `type` excludes. */
  forms(path: Path, document: unknown): JsonSchema[] {
    const value = path.reduce<unknown>(
      (holder, part) => (holder as Record<string, unknown>)?.[part],
      document,
    );
    return narrow(
      this.at(path, document).flatMap((each) => this.alternatives(each)),
      value,
    );
  }

  /** The members of a union, each without a reference. */
  alternatives(schema: JsonSchema): JsonSchema[] {
    const target = this.#resolve(schema);
    const members = target.anyOf ?? target.oneOf;
    return members ? members.flatMap((each) => this.alternatives(each)) : [target];
  }

  /** A sentence about a field: its own, or that of the object that it is. */
  description(schema: JsonSchema): string {
    const own = schema.description ?? this.#resolve(schema).description;
    if (own) return own;
    const forms = this.alternatives(schema).filter((each) => each.type !== "null");
    return (forms.length === 1 ? forms[0]?.description : "") ?? "";
  }

  #resolve(schema: JsonSchema): JsonSchema {
    const name = schema.$ref?.split("/").at(-1);
    return name ? { ...this.#schemas[name], ...omitRef(schema) } : schema;
  }
}

/** The `type` of an object: "Conv2D". */
export function typeName(schema: JsonSchema): string | null {
  const type = schema.properties?.type;
  const name = type?.const ?? type?.enum?.[0];
  return typeof name === "string" ? name : null;
}

/** What a value may be, in short: "integer 1…10000", "valid | same", "Adam {…}". */
export function summary(forms: readonly JsonSchema[]): string {
  const names = forms.map(formOf).filter((each) => each !== "null");
  const some = [...new Set(names)];
  return some.length > 4 ? `${some.slice(0, 4).join(" | ")} | …` : some.join(" | ");
}

function formOf(form: JsonSchema): string {
  const options = form.enum ?? (form.const === undefined ? null : [form.const]);
  if (options) return options.length > 5 ? `${options.slice(0, 5).join(" | ")} | …` : options.join(" | ");
  if (form.type === "object") return typeName(form) ?? "{…}";
  if (form.type === "array") return "[…]";
  return `${form.type ?? ""}${range(form)}`;
}

function range(form: JsonSchema): string {
  const low = form.minimum ?? form.exclusiveMinimum;
  const high = form.maximum ?? form.exclusiveMaximum;
  const above = form.exclusiveMinimum === undefined ? "≥ " : "> ";
  const below = form.exclusiveMaximum === undefined ? "≤ " : "< ";
  const isOpen = high === undefined || high >= 1e30;
  if (low !== undefined && !isOpen && above === "≥ " && below === "≤ ") return ` ${low}…${high}`;
  return (low === undefined ? "" : ` ${above}${low}`) + (isOpen ? "" : ` ${below}${high}`);
}

function memberOf(schema: JsonSchema, part: string | number): JsonSchema[] {
  if (typeof part === "number") {
    const item = schema.prefixItems?.[part] ?? schema.items;
    return item ? [item] : [];
  }
  const member =
    schema.properties && Object.hasOwn(schema.properties, part) ? schema.properties[part] : undefined;
  return member ? [member] : [];
}

/** Those forms that a value with a `type` can have; all where it has none, or an unknown one. */
function narrow(forms: JsonSchema[], value: unknown): JsonSchema[] {
  const type = isObject(value) ? value.type : undefined;
  const named = forms.filter((each) => typeName(each) !== null && typeName(each) === type);
  return named.length ? named : forms;
}

function omitRef({ $ref: _, ...rest }: JsonSchema): JsonSchema {
  return rest;
}
