import { flatten } from "../../api/specs.ts";
import { type Layer, layerRows, layerTexts, networkText } from "./layers.ts";

/** A field in which specs differ: the value of each, null where it has none. */
export interface Difference {
  path: string;
  values: readonly (string | null)[];
}

/** What differs between specs, field by field; layers last, each place of the networks as one row. */
export function differencesOf(specs: readonly unknown[]): Difference[] {
  const networks = specs.map(layersOf);
  const flats = specs.map((spec) => flatten(withoutLayers(spec)));
  const paths = new Set(flats.flatMap((flat) => [...flat.keys()]));
  const fields = [...paths].flatMap((path): Difference[] => {
    const values = flats.map((flat) => {
      const value = flat.get(path);
      return value === undefined ? null : String(value);
    });
    return new Set(values).size > 1 ? [{ path, values }] : [];
  });
  const types = new Set(
    fields.flatMap(({ path, values }) => (path.endsWith(".type") && !values.includes(null) ? [path] : [])),
  );
  // Arguments that only one of two optimizers has follow from the difference of their types.
  const own = ({ path, values }: Difference) =>
    values.includes(null) && types.has(`${path.slice(0, path.lastIndexOf("."))}.type`);
  return [...fields.filter((field) => !own(field)), ...layerDifferences(networks)];
}

/** Place by place; beside networks that are given in another way, as by a preset, all layers in one row. */
function layerDifferences(networks: readonly (readonly Layer[] | null)[]): Difference[] {
  const known = networks.filter((layers) => layers !== null);
  if (known.length === networks.length)
    return layerRows(known).map((row) => ({ path: "model.layers", values: layerTexts(row) }));
  if (!known.length) return [];
  return [{ path: "model.layers", values: networks.map((layers) => layers && networkText(layers)) }];
}

function layersOf(spec: unknown): readonly Layer[] | null {
  const layers = member(member(spec, "model"), "layers");
  return Array.isArray(layers) ? layers : null;
}

function withoutLayers(spec: unknown): unknown {
  const model = member(spec, "model");
  if (!Array.isArray(member(model, "layers"))) return spec;
  return { ...(spec as object), model: { ...(model as object), layers: null } };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
