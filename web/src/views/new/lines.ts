import { isJson } from "./document.ts";

export function mediaTypeOf(text: string): string {
  return isJson(text) ? "application/json" : "application/yaml";
}

/** How a text is used: trained that often, or as the document of a sweep. */
type Use = number | "sweep";

/** The `curl` line that posts a text; the text comes from a here-document, so that nothing in it needs quoting. */
export function curlLine(address: string, text: string, use: Use = 1): string {
  const end = endMark(text);
  const path = use === "sweep" ? "sweeps" : "experiments";
  const url = use !== "sweep" && use > 1 ? `'${address}/${path}?repeats=${use}'` : `${address}/${path}`;
  return [
    `curl ${url} -H 'Content-Type: ${mediaTypeOf(text)}' --data-binary @- <<'${end}'`,
    text.trimEnd(),
    end,
  ].join("\n");
}

/** The same with the command-line client. */
export function commandLine(address: string, text: string, use: Use = 1): string {
  const end = endMark(text);
  const command = use === "sweep" ? "sweep start" : "submit";
  const option = use !== "sweep" && use > 1 ? ` --repeats ${use}` : "";
  return [`trainyard ${command} - --watch${option} --url ${address} <<'${end}'`, text.trimEnd(), end].join(
    "\n",
  );
}

/** A line that the text does not have. */
function endMark(text: string): string {
  const lines = text.split("\n");
  let mark = "SPEC";
  while (lines.includes(mark)) mark += "_";
  return mark;
}
