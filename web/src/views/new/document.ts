import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { isObject, mergePatch } from "../../parts/patch.ts";
import { flow, toYaml } from "../../parts/yaml.ts";

/** Where something is in the text of a spec. */
export interface Span {
  from: number;
  to: number;
}
export type Path = readonly (string | number)[];
/** The field at a position, and whether the position is in its name. */
export interface Place {
  path: Path;
  span: Span;
  onKey: boolean;
}

type Parsed = ReturnType<typeof parseDocument>;

/** A spec as text, YAML or JSON, and what is where in it. Text with faults is read as far as it goes. */
export class SpecText {
  readonly text: string;
  readonly #document: Parsed;

  constructor(text: string) {
    this.text = text;
    this.#document = parse(text);
  }

  /** The values of the text; {} where it is no mapping. */
  get value(): Record<string, unknown> {
    try {
      const value: unknown = this.#document.toJS({ maxAliasCount: 100 });
      return isObject(value) ? value : {};
    } catch {
      return {};
    }
  }

  /** The first place where the text is not YAML. */
  get syntaxError(): Span | null {
    const error = this.#document.errors[0];
    if (!error) return null;
    const from = Math.min(error.pos[0], Math.max(0, this.text.length - 1));
    return { from, to: Math.max(Math.min(error.pos[1], this.text.length), from) };
  }

  /**
   * The word that a JSON pointer (RFC 6901) leads to: a scalar itself, the name of what holds others, the type of an
   * object in a list; for what is missing, the word of what it is missing in. `key` asks for the name.
   */
  spanOf(pointer: string, key = false): Span {
    let node: unknown = this.#document.contents;
    let name: Node | null = null;
    for (const part of pointer.split("/").slice(1).map(unescapePart)) {
      const member = memberOf(node, part);
      if (!member) return wordOf(name, node, false) ?? this.#firstWord();
      [name, node] = member;
    }
    return wordOf(name, node, key) ?? this.#firstWord();
  }

  /** The field whose name or value is at a position of the text. */
  placeAt(offset: number): Place | null {
    return find(this.#document.contents, [], (node) => {
      const span = spanOfNode(node);
      return span !== null && span.from <= offset && offset <= span.to;
    });
  }

  /** The field whose name or value is a word. */
  placeOf(word: string): Place | null {
    return find(this.#document.contents, [], (node) => isScalar(node) && node.value === word);
  }

  #firstWord(): Span {
    const from = Math.max(0, this.text.search(/\S/));
    const length = /^\S+/.exec(this.text.slice(from))?.[0].length ?? 0;
    return { from, to: from + length };
  }
}

/** The text after a merge patch (RFC 7396); comments and the style of what is not changed are kept. */
export function patchText(text: string, patch: Record<string, unknown>): string {
  const document = parse(text);
  const places = replacements(document.contents, patch);
  if (places?.length) {
    const backwards = places.sort((a, b) => b.from - a.from);
    return backwards.reduce((now, each) => now.slice(0, each.from) + each.text + now.slice(each.to), text);
  }
  change(document, [], patch);
  if (text.trimStart().startsWith("{") && isJson(text)) return JSON.stringify(document.toJS(), null, 2);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

export function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parse(text: string): Parsed {
  return parseDocument(text, { strict: false, uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
}

function change(document: Parsed, path: Path, patch: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(patch)) {
    const at = [...path, name];
    const known = document.getIn(at, true);
    if (value === null) document.deleteIn(at);
    else if (isObject(value) && isMap(known) && !known.flow) change(document, at, value);
    // What is within braces may no longer fit on a line.
    else document.setIn(at, written(mergePatch(isMap(known) ? known.toJS(document) : null, value)));
  }
}

/** Where a patch only replaces numbers that are there: those places of the text; null for any other patch. */
function replacements(node: unknown, patch: Record<string, unknown>): (Span & { text: string })[] | null {
  const found: (Span & { text: string })[] = [];
  for (const [name, value] of Object.entries(patch)) {
    const known = isMap(node) ? node.get(name, true) : undefined;
    const inner = isObject(value) ? replacements(known, value) : null;
    if (inner) found.push(...inner);
    else if (typeof value !== "number" || !isScalar(known) || typeof known.value !== "number") return null;
    else found.push({ ...(spanOfNode(known) ?? { from: 0, to: 0 }), text: flow(value) });
  }
  return found;
}

/** A new value, as people write it: what fits on a line within braces. */
function written(value: unknown): unknown {
  return parse(toYaml({ value })).get("value", true);
}

function unescapePart(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** The name and the value of a member of a mapping, or the item of a list. */
function memberOf(node: unknown, part: string): [Node | null, unknown] | null {
  if (isSeq(node)) {
    const item = node.items[Number(part)];
    return item === undefined ? null : [null, item];
  }
  if (!isMap(node)) return null;
  const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === part);
  return pair ? [pair.key as Node, pair.value] : null;
}

function wordOf(name: Node | null, node: unknown, key: boolean): Span | null {
  if (name && (key || !isScalar(node) || isEmpty(node))) return spanOfNode(name);
  if (isMap(node)) {
    const named = node.items.find((each) => isScalar(each.key) && each.key.value === "type") ?? node.items[0];
    return spanOfNode(isScalar(named?.value) && !isEmpty(named.value) ? named.value : named?.key);
  }
  return isScalar(node) || isAlias(node) || isSeq(node) ? spanOfNode(node) : null;
}

function isEmpty(node: unknown): boolean {
  const span = spanOfNode(node);
  return span === null || span.from === span.to;
}

function spanOfNode(node: unknown): Span | null {
  const range = (node as Node | undefined)?.range;
  return range ? { from: range[0], to: range[1] } : null;
}

function find(node: unknown, path: Path, matches: (node: unknown) => boolean): Place | null {
  if (isMap(node)) {
    for (const pair of node.items) {
      if (!isScalar(pair.key)) continue;
      const at = [...path, String(pair.key.value)];
      if (matches(pair.key))
        return { path: at, span: spanOfNode(pair.key) ?? { from: 0, to: 0 }, onKey: true };
      const inside = find(pair.value, at, matches);
      if (inside) return inside;
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const inside = find(item, [...path, index], matches);
      if (inside) return inside;
    }
  } else if (isScalar(node) && matches(node)) {
    return { path, span: spanOfNode(node) ?? { from: 0, to: 0 }, onKey: false };
  }
  return null;
}
