import { merge, type Query } from "../../shell/hash.ts";

/** What a start changes at once. */
export interface Changes {
  /** Search around its numbers. */
  search?: true;
  /** Datasets that it trains on, too. */
  add?: readonly string[];
  /** Begin with the weights of the run. */
  tune?: true;
}
/** Where a new spec begins: with a preset, the spec of a run, the end of a run, or a document of one's own. */
export type Start =
  | ({ kind: "preset"; preset: string; dataset: string } & Changes)
  | ({ kind: "run"; id: string } & Changes)
  | { kind: "end"; id: string }
  | { kind: "own"; id: string };

const PREFIX = "trainyard.new:";

/** The start that a query names; null for none, which shows the starts to choose from. */
export function startOf(query: URLSearchParams): Start | null {
  const [preset, id] = [query.get("preset"), query.get("from")];
  const add = query.getAll("add");
  const changes: Changes = {
    ...(query.get("search") === "true" && { search: true as const }),
    ...(query.get("tune") === "true" && { tune: true as const }),
    ...(add.length > 0 && { add }),
  };
  if (id) return { kind: "run", id, ...changes };
  const ended = query.get("continue");
  if (ended) return { kind: "end", id: ended };
  if (preset) return { kind: "preset", preset, dataset: query.get("dataset") ?? "", ...changes };
  const own = query.get("own");
  return own ? { kind: "own", id: own } : null;
}

export function queryOf(start: Start): Query {
  if (start.kind === "own") return { own: start.id };
  if (start.kind === "end") return { continue: start.id };
  const { search, add, tune } = start;
  const changes = { ...(search && { search }), ...(tune && { tune }), ...(add && { add }) };
  if (start.kind === "run") return { from: start.id, ...changes };
  return { preset: start.preset, dataset: start.dataset, ...changes };
}

/** A start that has no draft yet. */
export function newOwn(): Start {
  return { kind: "own", id: Date.now().toString(36) };
}

/** The name under which the draft of a start is kept. */
export function keyOf(start: Start): string {
  return merge(new URLSearchParams(), queryOf(start)).toString();
}

export interface Draft {
  text: string;
  /** The text that it began with. */
  origin: string;
  /** How to search, if it is a sweep. */
  sweep?: Readonly<Record<string, unknown>> | undefined;
  /** What was chosen: whether others may not see what comes of it. */
  private?: boolean | undefined;
}
/** The part of the Web Storage API that is used; null where the browser has none. */
export type Drawer = Pick<Storage, "getItem" | "setItem" | "removeItem" | "length" | "key"> | null;

/** Texts that are being edited, by their start. They survive a reload, and end with the tab. */
export class Drafts {
  readonly #drawer: Drawer;

  constructor(drawer: Drawer) {
    this.#drawer = drawer;
  }

  get(start: Start): Draft | null {
    return this.#read(PREFIX + keyOf(start));
  }

  /** Keep a draft. What equals its origin need not be kept, unless it exists nowhere else. */
  put(start: Start, draft: Draft): void {
    try {
      const { text, origin, sweep, private: isPrivate } = draft;
      if (text === origin && !sweep && isPrivate === undefined && start.kind !== "own") this.remove(start);
      else this.#drawer?.setItem(PREFIX + keyOf(start), JSON.stringify({ ...draft, start }));
    } catch {
      // a full storage: the text stays on the screen
    }
  }

  remove(start: Start): void {
    this.#drawer?.removeItem(PREFIX + keyOf(start));
  }

  list(): { start: Start; draft: Draft }[] {
    const found: { start: Start; draft: Draft }[] = [];
    for (let index = 0; index < (this.#drawer?.length ?? 0); index++) {
      const key = this.#drawer?.key(index);
      const draft = key?.startsWith(PREFIX) ? this.#read(key) : null;
      if (draft) found.push({ start: draft.start, draft });
    }
    return found;
  }

  #read(key: string): (Draft & { start: Start }) | null {
    try {
      const kept = JSON.parse(this.#drawer?.getItem(key) ?? "null");
      return typeof kept?.text === "string" && typeof kept.origin === "string" ? kept : null;
    } catch {
      return null;
    }
  }
}

export function sessionDrawer(): Drawer {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
