import { isObject } from "../../parts/patch.ts";
import { SEARCH } from "../../parts/search.ts";
import { searchMembers, searchOptions, splitPath } from "./complete-search.ts";
import { type Path, type Place, SpecText } from "./document.ts";
import { type JsonSchema, type SpecSchema, summary, typeName } from "./schema.ts";

/** Something that may be written at a position. */
export interface Option {
  label: string;
  /** What replaces the word; the label by default. */
  insert: string;
  /** Beside the label: what it may be, its default. */
  detail: string;
  info: string;
  kind: "field" | "value" | "type";
}
export interface Completion {
  from: number;
  options: Option[];
}
/** Names that the schema does not have. */
export interface Names {
  datasets: readonly string[];
}

// A word that no spec has: it stands where the cursor is while the text is read.
const CURSOR = "ϟcursor";

/** What may be written at a position of a spec, from the schema; null where nothing is known. */
export function complete(text: string, offset: number, schema: SpecSchema, names: Names): Completion | null {
  const from = offset - (/[$\w.-]*$/.exec(text.slice(0, offset))?.[0].length ?? 0);
  const rest = text.slice(offset).replace(/^[$\w.-]*/, "");
  if (isComment(text, from)) return null;
  const written = { quoted: text[from - 1] === '"', isJson: /^\s*\{/.test(text) };
  for (const word of [CURSOR, `${CURSOR}: `]) {
    const spec = new SpecText(text.slice(0, from) + word + rest);
    const place = spec.placeOf(CURSOR);
    if (place) return { from, options: optionsAt(place, spec.value, schema, names, written) };
  }
  return null;
}

/** How the word is written: within quotes, in a document of JSON. */
interface Written {
  quoted: boolean;
  isJson: boolean;
}

function optionsAt(
  place: Pick<Place, "path" | "onKey">,
  document: unknown,
  schema: SpecSchema,
  names: Names,
  written: Written,
): Option[] {
  const { path } = place;
  const { quoted } = written;
  const search = splitPath(path);
  if (search) {
    const [kind] = search.inner;
    if (place.onKey)
      return search.inner.length === 1 ? searchMembers(valueAt(path.slice(0, -1), document)) : [];
    if (kind === "log") return ["true", "false"].map((label) => plain(label, "value"));
    const options =
      kind === "choice"
        ? optionsAt({ path: search.outer, onKey: false }, document, schema, names, written)
        : [];
    return options.filter((each) => each.label !== SEARCH);
  }
  if (place.onKey) return keys(path.slice(0, -1), document, schema, quoted);
  const holder = path.slice(0, -1);
  if (path.at(-1) === "type")
    return types(schema.at(holder, document).flatMap((each) => schema.alternatives(each)));
  const forms = schema.forms(path, document);
  const objects = forms.filter((each) => each.type === "object");
  const hasTypes = objects.some(typeName);
  return [
    ...named(path, names),
    ...values(forms),
    ...(hasTypes ? objects.flatMap(typed) : []),
    ...(objects.length && !hasTypes && !quoted ? fields(path, document, schema, quoted) : []),
    ...(quoted ? [] : searchOptions(forms, schema.at(path, document)[0]?.default, written.isJson)),
  ];
}

/** The fields of an object; where a plain value stands, an object can only be `$search`. */
function keys(path: Path, document: unknown, schema: SpecSchema, quoted: boolean): Option[] {
  const forms = schema.forms(path, document);
  const isPlain = forms.length > 0 && forms.every((form) => form.type !== "object" && form.type !== "array");
  return isPlain
    ? [{ ...plain(SEARCH, "field"), insert: quoted ? SEARCH : `${SEARCH}: ` }]
    : fields(path, document, schema, quoted);
}

/** The fields that an object lacks; only `type` where that decides which there are. */
function fields(path: Path, document: unknown, schema: SpecSchema, quoted: boolean): Option[] {
  const objects = schema.forms(path, document).filter((each) => each.properties);
  const present = valueAt(path, document);
  const undecided = objects.length > 1 && objects.every(typeName);
  const all = new Map<string, Option>();
  for (const object of objects) {
    for (const [name, field] of Object.entries(object.properties ?? {})) {
      if (all.has(name) || (isObject(present) && Object.hasOwn(present, name))) continue;
      if (undecided && name !== "type") continue;
      const isRequired = object.required?.includes(name) ?? false;
      all.set(name, {
        label: name,
        insert: quoted ? name : `${name}: `,
        detail: detailOf(field, schema, isRequired),
        info: schema.description(field),
        kind: "field",
      });
    }
  }
  return [...all.values()].filter((each) => each.label !== "type" || undecided);
}

/** What a field may be and its default: "integer 1…10000 = 30". */
export function detailOf(field: JsonSchema, schema: SpecSchema, isRequired = false): string {
  const what = summary(schema.alternatives(field));
  const hasDefault = field.default !== undefined && field.default !== null && !isRequired;
  return hasDefault ? `${what} = ${JSON.stringify(field.default)}` : what;
}

function values(forms: readonly JsonSchema[]): Option[] {
  const found = forms.flatMap((form) => {
    if (form.type === "boolean") return ["true", "false"];
    return (form.enum ?? (form.const === undefined ? [] : [form.const])).map(String);
  });
  return [...new Set(found)].map((label) => plain(label, "value"));
}

function types(forms: readonly JsonSchema[]): Option[] {
  return forms.flatMap((form) => {
    const name = typeName(form);
    return name ? [{ ...plain(name, "type"), info: form.description ?? "" }] : [];
  });
}

/** An object with its required fields: `{type: Conv2D, filters: , kernel_size: }`. */
function typed(form: JsonSchema): Option[] {
  const name = typeName(form);
  if (!name) return [];
  const required = (form.required ?? []).filter((each) => each !== "type").toSorted();
  const insert = `{${[`type: ${name}`, ...required.map((each) => `${each}: `)].join(", ")}}`;
  return [{ label: name, insert, detail: required.join(", "), info: form.description ?? "", kind: "type" }];
}

function named(path: Path, names: Names): Option[] {
  const isDataset =
    path[0] === "dataset" &&
    ((path[1] === "name" && path.length === 2) || (path[1] === "add" && path.length > 2));
  return isDataset ? names.datasets.map((label) => plain(label, "value")) : [];
}

function plain(label: string, kind: Option["kind"]): Option {
  return { label, insert: label, detail: "", info: "", kind };
}

function valueAt(path: Path, document: unknown): unknown {
  return path.reduce<unknown>(
    (holder, part) => (holder as Record<string, unknown> | undefined)?.[part],
    document,
  );
}

function isComment(text: string, from: number): boolean {
  return /(^|\s)#/.test(text.slice(text.lastIndexOf("\n", from - 1) + 1, from));
}

/** The description of the field at a position. */
export interface Hover {
  from: number;
  to: number;
  title: string;
  detail: string;
  text: string;
}

export function hoverAt(text: string, offset: number, schema: SpecSchema): Hover | null {
  const spec = new SpecText(text);
  const place = spec.placeAt(offset);
  if (!place) return null;
  const { path, span } = place;
  const at = { from: span.from, to: span.to };
  if (path.at(-1) === "type" && !place.onKey) {
    const form = schema.forms(path.slice(0, -1), spec.value).find((each) => typeName(each));
    if (!form) return null;
    const fieldNames = Object.keys(form.properties ?? {}).filter((each) => each !== "type");
    return {
      ...at,
      title: typeName(form) ?? "",
      detail: fieldNames.join(", "),
      text: form.description ?? "",
    };
  }
  const [field] = schema.at(path, spec.value);
  if (!field) return null;
  const name = path.findLast((each) => typeof each === "string");
  return {
    ...at,
    title: String(name ?? ""),
    detail: detailOf(field, schema),
    text: schema.description(field),
  };
}
