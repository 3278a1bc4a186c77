import type { RunSummary } from "../../api/runs.ts";

/** One condition of `val_accuracy>0.98 dataset=mnist`; without a field, a text that the name, notes or tags contain. */
export interface Condition {
  field: string;
  operator: "=" | "!=" | ">" | ">=" | "<" | "<=" | "~";
  value: string;
}

const WORD = /"([^"]*)"|(\S+)/g;
const CONDITION = /^([A-Za-z_][\w.]*)(>=|<=|!=|=|>|<)(.*)$/;

/** The conditions of a filter, separated by spaces; values with spaces are quoted: `name="my run"`. */
export function parseFilter(text: string): Condition[] {
  const joined = text.replace(
    /([=<>])"([^"]*)"/g,
    (_, sign: string, value: string) => `${sign}${value.replaceAll(" ", "\u0000")}`,
  );
  return [...joined.matchAll(WORD)].map(([, quoted, word = ""]) => {
    const match = quoted === undefined ? CONDITION.exec(word) : null;
    if (!match) return { field: "", operator: "~", value: quoted ?? word };
    const [, field = "", operator = "=", value = ""] = match;
    return { field, operator: operator as Condition["operator"], value: value.replaceAll("\u0000", " ") };
  });
}

const TIMES = new Set(["created_at", "started_at", "ended_at"]);

/** Whether the summary of a run has a field, so that the service need not be asked. */
export function isLocal(condition: Condition, metrics: ReadonlySet<string>): boolean {
  const { field } = condition;
  return field === "" || field === "tag" || metrics.has(field) || FIELDS.has(field);
}

const FIELDS = new Set([
  "id",
  "name",
  "tags",
  "star",
  "private",
  "notes",
  "status",
  "dataset",
  "preset",
  "based_on",
  "group",
  "created_at",
  "started_at",
  "ended_at",
  "seconds",
  "epochs",
  "epochs_completed",
  "published_epoch",
  "parameters",
  "worker",
  "stop_reason",
]);

/** Whether a run meets a condition on a field of its summary. */
export function meets(run: RunSummary, { field, operator, value }: Condition): boolean {
  if (field === "") {
    const wanted = value.toLowerCase();
    return [run.name, run.notes ?? "", run.id, ...run.tags].some((text) =>
      text.toLowerCase().includes(wanted),
    );
  }
  const found = field === "tag" ? run.tags : fieldOf(run, field);
  if (Array.isArray(found)) {
    const has = found.includes(value);
    return operator === "!=" ? !has : operator === "=" && has;
  }
  return compare(found, operator, value, TIMES.has(field));
}

function fieldOf(run: RunSummary, field: string): unknown {
  return FIELDS.has(field) ? run[field as keyof RunSummary] : run.metrics[field];
}

function compare(found: unknown, operator: Condition["operator"], value: string, isTime: boolean): boolean {
  const absent = found === null || found === undefined || found === "";
  if (operator === "=") return value === "null" ? absent : same(found, value, isTime);
  if (operator === "!=") return value === "null" ? !absent : !same(found, value, isTime);
  if (absent) return false;
  const order = isTime ? Date.parse(String(found)) - Date.parse(value) : Number(found) - Number(value);
  if (operator === ">") return order > 0;
  if (operator === ">=") return order >= 0;
  return operator === "<" ? order < 0 : order <= 0;
}

function same(found: unknown, value: string, isTime: boolean): boolean {
  if (typeof found === "number") return value !== "" && found === Number(value);
  if (isTime) return Date.parse(String(found)) === Date.parse(value);
  return String(found ?? "") === value;
}

/** Conditions as the service takes them: `training.optimizer.type=Adam`, `training.epochs>20`. */
export function toQuery(conditions: readonly Condition[]): string {
  return conditions
    .map(
      ({ field, operator, value }) => `${encodeURIComponent(field)}${operator}${encodeURIComponent(value)}`,
    )
    .join("&");
}
