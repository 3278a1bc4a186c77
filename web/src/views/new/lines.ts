import { isJson } from "./document.ts";

export function mediaTypeOf(text: string): string {
  return isJson(text) ? "application/json" : "application/yaml";
}

/** How a text is used: as a spec that is trained that often, or as the document of a sweep. */
export interface Use {
  isSweep: boolean;
  repeats: number;
  /** Null leaves it to the service. */
  isPrivate: boolean | null;
}

/** Where a text is posted. */
export function pathOf({ isSweep, repeats, isPrivate }: Use): string {
  const query = new URLSearchParams();
  if (!isSweep && repeats > 1) query.set("repeats", String(repeats));
  if (isPrivate !== null) query.set("private", String(isPrivate));
  return `${isSweep ? "/sweeps" : "/experiments"}${query.size ? `?${query}` : ""}`;
}

/** The `curl` line that posts a text; the text comes from a here-document, so that nothing in it needs quoting. */
export function curlLine(address: string, text: string, use: Use): string {
  const end = endMark(text);
  const path = pathOf(use);
  const url = path.includes("?") ? `'${address}${path}'` : `${address}${path}`;
  return [
    `curl ${url} -H 'Content-Type: ${mediaTypeOf(text)}' --data-binary @- <<'${end}'`,
    text.trimEnd(),
    end,
  ].join("\n");
}

/** The same with the command-line client. */
export function commandLine(address: string, text: string, { isSweep, repeats, isPrivate }: Use): string {
  const end = endMark(text);
  const options = [
    ...(!isSweep && repeats > 1 ? [`--repeats ${repeats}`] : []),
    ...(isPrivate === null ? [] : [isPrivate ? "--private" : "--public"]),
    `--url ${address}`,
  ];
  const command = isSweep ? "sweep start" : "submit";
  return [`trainyard ${command} - --watch ${options.join(" ")} <<'${end}'`, text.trimEnd(), end].join("\n");
}

/** A line that the text does not have. */
function endMark(text: string): string {
  const lines = text.split("\n");
  let mark = "SPEC";
  while (lines.includes(mark)) mark += "_";
  return mark;
}
