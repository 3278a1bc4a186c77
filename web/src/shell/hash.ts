/** Where the page is: `#/runs/01K6/curves?x=seconds` is {view: "runs", args: ["01K6", "curves"], query}. */
export interface Place {
  view: string;
  args: string[];
  query: URLSearchParams;
}

export const HOME = "runs";

export function parseHash(hash: string): Place {
  const [path = "", query = ""] = split(hash.replace(/^#/, ""), "?");
  const [view, ...args] = path.split("/").filter(Boolean).map(decode);
  return { view: view ?? HOME, args, query: new URLSearchParams(query) };
}

/** The hash of a view; values that are null, undefined or empty are left out of the query. */
export function formatHash(
  view: string,
  args: readonly string[] = [],
  query: Query | URLSearchParams = {},
): string {
  const pairs = query instanceof URLSearchParams ? query : merge(new URLSearchParams(), query);
  const path = [view, ...args].map(encodeURIComponent).join("/");
  const text = pairs.toString();
  return `#/${path}${text ? `?${text}` : ""}`;
}

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** A copy of `query` with changed values: a list is repeated, null and "" remove. */
export function merge(query: URLSearchParams, changes: Query): URLSearchParams {
  const merged = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    merged.delete(name);
    if (Array.isArray(value)) for (const each of value) merged.append(name, each);
    else if (value !== null && value !== undefined && value !== "" && value !== false)
      merged.set(name, String(value));
  }
  return merged;
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
