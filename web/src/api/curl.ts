/** A request as a line for a shell. The key, where the service asks for one, is in the environment. */
export function curlLine(
  address: string,
  hasKey: boolean,
  method: "POST" | "DELETE" | "PATCH",
  path: string,
  body?: unknown,
): string {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const sent =
    body === undefined ? [] : [`-H 'Content-Type: ${type}'`, `-d '${quoted(JSON.stringify(body))}'`];
  const key = hasKey ? ['-H "Authorization: Bearer $TRAINYARD_KEY"'] : [];
  return [`curl -X ${method} '${address}${path}'`, ...key, ...sent].join(" ");
}

/** Within single quotes of a shell. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}
