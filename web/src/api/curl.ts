/** A `curl` line for a service that asks for keys. The key is in the environment of the shell. */
export function withKey(line: string): string {
  return line.replace(/^curl /, 'curl -H "Authorization: Bearer $TRAINYARD_KEY" ');
}

/** A request as a line for a shell. */
export function curlLine(
  address: string,
  method: "POST" | "DELETE" | "PATCH" | "PUT",
  path: string,
  body?: unknown,
): string {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const sent =
    body === undefined ? [] : [`-H 'Content-Type: ${type}'`, `-d '${quoted(JSON.stringify(body))}'`];
  return [`curl -X ${method} '${address}${path}'`, ...sent].join(" ");
}

/** Within single quotes of a shell. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
