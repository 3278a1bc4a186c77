import { isObject } from "../../parts/patch.ts";
import { SEARCH } from "../../parts/search.ts";

/** The numbers of a training that people change first. */
export const TRAINING_FIELDS = ["epochs", "batch_size", "learning_rate"] as const;
export type TrainingField = (typeof TRAINING_FIELDS)[number];

type Values = Readonly<Record<string, unknown>>;

/** What a spec says of a field: a number, or the type of a schedule; null for nothing, SEARCH for what is searched. */
export function fieldOf(spec: Values, field: TrainingField): number | string | null {
  const { training } = spec;
  if (!isObject(training)) return null;
  if (SEARCH in training) return SEARCH;
  const { optimizer } = training;
  if (field !== "learning_rate") return said(training[field]);
  return isObject(optimizer) ? said(SEARCH in optimizer ? optimizer : optimizer.learning_rate) : null;
}

/** The change of a spec that sets a field; null leaves it to the service. */
export function fieldPatch(
  spec: Values,
  field: TrainingField,
  value: number | null,
): Record<string, unknown> {
  if (field !== "learning_rate") return { training: { [field]: value } };
  const optimizer = isObject(spec.training) ? spec.training.optimizer : undefined;
  const change = { learning_rate: value };
  // A continued training keeps its optimizer, which the text need not name.
  if (isObject(optimizer) || typeof spec.continue_from === "string")
    return { training: { optimizer: change } };
  return value === null
    ? {}
    : { training: { optimizer: { type: typeof optimizer === "string" ? optimizer : "Adam", ...change } } };
}

function said(value: unknown): number | string | null {
  if (value === undefined || value === null) return null;
  if (isObject(value)) return SEARCH in value ? SEARCH : String(value.type ?? "");
  return typeof value === "number" ? value : String(value);
}
