/** JSON as YAML as people write specs: sections indented, what fits on a line within braces. */
const WIDTH = 100;

export function toYaml(value: unknown, indent = 0): string {
  if (isObject(value) && Object.keys(value).length) {
    return entries(value)
      .map(([key, each]) => `${" ".repeat(indent)}${scalar(key)}:${member(each, indent, key.length)}`)
      .join("\n");
  }
  if (Array.isArray(value) && value.length)
    return value.map((each) => `${" ".repeat(indent)}- ${element(each, indent)}`).join("\n");
  return " ".repeat(indent) + flow(value);
}

/** What says of which kind an object is comes first. */
function entries(value: Record<string, unknown>): [string, unknown][] {
  const all = Object.entries(value);
  return [...all.filter(([key]) => key === "type"), ...all.filter(([key]) => key !== "type")];
}

function member(value: unknown, indent: number, used: number): string {
  const line = flow(value);
  if (isFlow(value, 1) && indent + used + line.length + 2 <= WIDTH) return ` ${line}`;
  return isBlock(value) ? `\n${toYaml(value, indent + 2)}` : ` ${line}`;
}

function element(value: unknown, indent: number): string {
  const line = flow(value);
  if (isFlow(value, 2) && indent + line.length + 2 <= WIDTH) return line;
  return isBlock(value) ? toYaml(value, indent + 2).trimStart() : line;
}

/** Whether a value is written on one line: scalars, and what holds others at most `depth` deep; a search counts as one. */
function isFlow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if ("$search" in value) return depth > 0;
  const inner = Object.values(value);
  if (inner.length === 0) return true;
  return depth > 0 && inner.every((each) => isFlow(each, depth - 1));
}

function isBlock(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** On one line, within braces. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (isObject(value))
    return `{${entries(value)
      .map(([key, each]) => `${scalar(key)}: ${flow(each)}`)
      .join(", ")}}`;
  return scalar(value);
}

const PLAIN = /^[\p{L}_$][\p{L}\p{N}_./()+-]*( [\p{L}\p{N}_./()+-]+)*$/u;
const WORDS = /^(true|false|null|yes|no|on|off|y|n|nan|inf)$/i;

function scalar(value: unknown): string {
  if (typeof value === "number") return number(value);
  if (typeof value !== "string") return JSON.stringify(value) ?? "null";
  return PLAIN.test(value) && !WORDS.test(value) ? value : JSON.stringify(value);
}

/** In YAML 1.1, `1e-7` is a string: a number with an exponent needs a point. */
function number(value: number): string {
  const text = String(value);
  return text.includes("e") && !text.includes(".") ? text.replace("e", ".0e") : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
