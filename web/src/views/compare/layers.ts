/** A layer as a spec says it. */
export type Layer = Readonly<Record<string, unknown>>;

/** The same place in several networks: the layer of each, null where it has none there. */
export type LayerRow = readonly (Layer | null)[];

/** What is shown of a layer that others do not have; other arguments only where they differ. */
const SHOWN = ["filters", "units", "kernel_size", "pool_size", "rate", "activation"];

/** Places at which the networks differ. The first one's layers are the rows; layers of others are added between them. */
export function layerRows(networks: readonly (readonly Layer[])[]): LayerRow[] {
  const [first = [], ...others] = networks;
  const aligned = others.map((other) => align(first, other));
  const rows: LayerRow[] = [];
  for (let at = -1; at < first.length; at++) {
    if (at >= 0) rows.push([first[at] ?? null, ...aligned.map(({ kept }) => kept.get(at) ?? null)]);
    const added = aligned.map(({ between }) => between.get(at) ?? []);
    const most = Math.max(0, ...added.map((layers) => layers.length));
    for (let i = 0; i < most; i++) rows.push([null, ...added.map((layers) => layers[i] ?? null)]);
  }
  return rows.filter((row) => new Set(row.map((layer) => JSON.stringify(layer))).size > 1);
}

/** Each layer in a row as text: its type and, where all are of one type, only the arguments that differ. */
export function layerTexts(row: LayerRow): (string | null)[] {
  const layers = row.filter((layer) => layer !== null);
  const isOneType = new Set(layers.map((layer) => layer.type)).size === 1 && layers.length === row.length;
  const names = isOneType
    ? [...new Set(layers.flatMap((layer) => Object.keys(layer)))].filter(
        (name) => new Set(layers.map((layer) => JSON.stringify(layer[name]))).size > 1,
      )
    : SHOWN;
  return row.map((layer) => {
    if (layer === null) return null;
    return layerText(layer, names);
  });
}

/** All layers of a network, each with what is shown of one that others do not have. */
export function networkText(layers: readonly Layer[]): string {
  return layers.map((layer) => layerText(layer, SHOWN)).join(", ");
}

function layerText(layer: Layer, names: readonly string[]): string {
  const said = names.flatMap((name) => {
    const value = layer[name];
    return value === undefined || value === null ? [] : [`${name}=${textOf(value)}`];
  });
  return [String(layer.type), ...said].join(" ");
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join("×");
  return typeof value === "object" && value !== null && "type" in value ? String(value.type) : String(value);
}

interface Aligned {
  /** By the index in the first network. */
  kept: Map<number, Layer>;
  /** Layers behind an index of the first network, -1 for those before all. */
  between: Map<number, Layer[]>;
}

/** The alignment in which most layers are of the same type, equal ones counting double. */
function align(first: readonly Layer[], other: readonly Layer[]): Aligned {
  const score = (i: number, j: number) => {
    const [a, b] = [first[i], other[j]];
    if (a?.type !== b?.type) return 0;
    return JSON.stringify(a) === JSON.stringify(b) ? 2 : 1;
  };
  const best = Array.from({ length: first.length + 1 }, () => new Array<number>(other.length + 1).fill(0));
  const at = (i: number, j: number) => best[i]?.[j] ?? 0;
  for (let i = first.length - 1; i >= 0; i--)
    for (let j = other.length - 1; j >= 0; j--) {
      const pair = score(i, j);
      const row = best[i] as number[];
      row[j] = Math.max(at(i + 1, j), at(i, j + 1), pair ? at(i + 1, j + 1) + pair : 0);
    }
  const aligned: Aligned = { kept: new Map(), between: new Map() };
  let [i, j] = [0, 0];
  while (j < other.length) {
    const layer = other[j] as Layer;
    const pair = score(i, j);
    if (i < first.length && pair && at(i, j) === at(i + 1, j + 1) + pair) {
      aligned.kept.set(i, layer);
      i += 1;
      j += 1;
    } else if (i < first.length && at(i, j) === at(i + 1, j)) i += 1;
    else {
      aligned.between.set(i - 1, [...(aligned.between.get(i - 1) ?? []), layer]);
      j += 1;
    }
  }
  return aligned;
}
