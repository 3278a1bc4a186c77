import { joined } from "../../api/specs.ts";
import { isObject } from "../../parts/patch.ts";
import { toYaml } from "../../parts/yaml.ts";
import type { Changes } from "./drafts.ts";
import { type JsonSchema, type SpecSchema, typeName } from "./schema.ts";
import { searched } from "./sweeps.ts";

export interface Preset {
  name: string;
  title: string;
  source: string;
  parameters: number;
  spec: Record<string, unknown>;
  layers: readonly Record<string, unknown>[];
  measured: Measured | null;
}
/** What a preset reached on the test split of its dataset: the mean of so many seeds; CPU time from shortest to longest. */
export interface Measured {
  test_accuracy: number;
  seeds: number;
  cpu_seconds: readonly number[];
}
export interface DatasetFacts {
  name: string;
  origin: string;
  status: string;
  shape: readonly number[] | null;
  /** Null for one that is built in. */
  record?: { private: boolean } | null;
}

const ORDER = [
  "name",
  "notes",
  "tags",
  "based_on",
  "continue_from",
  "dataset",
  "preprocessing",
  "augmentation",
  "model",
  "training",
];

/** A spec as text, its sections in the usual order. */
export function textOf(spec: Record<string, unknown>): string {
  const names = [
    ...ORDER.filter((each) => each in spec),
    ...Object.keys(spec).filter((each) => !ORDER.includes(each)),
  ];
  return `${toYaml(Object.fromEntries(names.map((each) => [each, spec[each]])))}\n`;
}

/** The text of a preset, for another dataset than its own if one is named. */
export function presetText(preset: Preset, dataset = "", changes: Changes = {}): string {
  if (!dataset || dataset === datasetOf(preset)) return textOf(changed(preset.spec, changes));
  const { notes: _, ...spec } = preset.spec;
  return textOf(changed({ ...spec, name: `${dataset}-${preset.name}`, dataset: { name: dataset } }, changes));
}

function changed(spec: Record<string, unknown>, { search, add = [] }: Changes): Record<string, unknown> {
  const whole = search ? searched(spec) : spec;
  return add.length ? { ...whole, dataset: { ...Object(whole.dataset), add: joined(whole, add) } } : whole;
}

/** The change of a spec after which the network of its preset is there to be edited; null where it has no such list. */
export function layersPatch(
  spec: Record<string, unknown>,
  presets: readonly Preset[],
): Record<string, unknown> | null {
  const name = isObject(spec.model) ? spec.model.preset : undefined;
  const preset = presets.find((each) => each.name === name);
  return preset?.layers.length ? { model: { preset: null, layers: preset.layers } } : null;
}

export function datasetOf(preset: Preset): string {
  const { dataset } = preset.spec;
  return isObject(dataset) ? String(dataset.name) : "";
}

/** A preset of images that people upload: its dataset is a name that they replace. */
export function isForFolders(preset: Preset): boolean {
  return preset.name.startsWith("folder-");
}

/** The presets for a dataset: its own, else those for images of the same shape; for uploaded ones those for folders. */
export function presetsFor(
  dataset: DatasetFacts,
  presets: readonly Preset[],
  datasets: readonly DatasetFacts[],
): Preset[] {
  const own = presets.filter((each) => datasetOf(each) === dataset.name);
  if (own.length) return own;
  if (dataset.origin !== "built-in") return presets.filter(isForFolders);
  const alike = datasets
    .filter((each) => String(each.shape) === String(dataset.shape))
    .map((each) => each.name);
  return presets.filter((each) => alike.includes(datasetOf(each)));
}

/**
 * The spec of a run as people write it, to be improved: without what the schema has as default, and without its name:
 * the service names a run, though not a sweep, by what it changes.
 */
export function runText(
  id: string,
  spec: Record<string, unknown>,
  schema: SpecSchema | null,
  changes: Changes = {},
): string {
  const full = changed(changes.tune ? tuned(id, spec, changes.add) : spec, changes);
  const whole = schema ? (withoutDefaults(full, schema) as Record<string, unknown>) : full;
  const { name, based_on: _, continue_from: __, ...rest } = whole;
  return textOf({ ...(changes.search && { name }), ...rest, based_on: id });
}

function tuned(
  id: string,
  { notes: _, ...spec }: Record<string, unknown>,
  add: readonly string[] = [],
): Record<string, unknown> {
  const model = { ...Object(spec.model), weights_from: id };
  return { ...spec, ...(add.length && { notes: `Fine-tuned with ${add.join(", ")}` }), model };
}

/** A spec that continues where a run has ended, to twice its epochs; all else is as it was there. */
export function continuedText(run: { id: string; epochs_completed: number; spec: unknown }): string {
  const training = isObject(run.spec) && isObject(run.spec.training) ? run.spec.training : {};
  const planned = typeof training.epochs === "number" ? training.epochs : 0;
  const epochs = run.epochs_completed < planned ? planned : 2 * run.epochs_completed;
  return textOf({ continue_from: run.id, training: { epochs } });
}

function withoutDefaults(document: Record<string, unknown>, schema: SpecSchema): unknown {
  const root = schema.forms([], document);
  return shorten(document, root, schema);
}

function shorten(value: unknown, forms: readonly JsonSchema[], schema: SpecSchema): unknown {
  if (Array.isArray(value)) return value.map((each) => shorten(each, itemForms(forms, each, schema), schema));
  if (!isObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, each]): [string, unknown][] => {
    const fields = forms.flatMap((form) => form.properties?.[name] ?? []);
    const isDefault = fields.length > 0 && fields.every((field) => isSame(field.default, each));
    const isAbsent = each === null && fields.every((field) => (field.default ?? null) === null);
    if (isAbsent || (isDefault && name !== "type" && name !== "name")) return [];
    const inner = fields.flatMap((field) => schema.alternatives(field));
    const short = shorten(each, narrow(inner, each), schema);
    // An object that is left empty sets nothing, unless its presence does: `early_stopping: {}`.
    const isSection = fields.some((field) => field.$ref !== undefined);
    return isObject(short) && Object.keys(short).length === 0 && isSection ? [] : [[name, short]];
  });
  return Object.fromEntries(members);
}

function itemForms(forms: readonly JsonSchema[], item: unknown, schema: SpecSchema): JsonSchema[] {
  const inner = forms.flatMap((form) => (form.items ? schema.alternatives(form.items) : []));
  return narrow(inner, item);
}

function narrow(forms: JsonSchema[], value: unknown): JsonSchema[] {
  const named = forms.filter((each) => isObject(value) && typeName(each) === value.type);
  return named.length ? named : forms;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The spec in a text that was dropped or pasted: of a Keras `to_json()` document its network, else the text itself. */
export function documentText(text: string, dataset = "digits"): string {
  const keras = kerasDocument(text);
  if (!keras) return text;
  const name = isObject(keras.config) ? keras.config.name : undefined;
  return textOf({
    name: typeof name === "string" ? name : "keras-model",
    dataset: { name: dataset },
    model: { keras },
  });
}

/** A Keras model in JSON: `{"class_name": "Sequential", "config": {...}}`, also as JSON within a string. */
export function kerasDocument(text: string): Record<string, unknown> | null {
  if (!/^\s*["{]/.test(text)) return null;
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === "string") return kerasDocument(read);
    return isObject(read) && typeof read.class_name === "string" && "config" in read ? read : null;
  } catch {
    return null;
  }
}
