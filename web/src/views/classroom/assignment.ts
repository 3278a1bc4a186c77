/** What of a spec an assignment may leave open: the others decide on the test samples. */
export const CHANGEABLE = [
  "/model",
  "/training",
  "/preprocessing",
  "/augmentation",
  "/dataset/add",
  "/dataset/limit_per_class",
  "/dataset/split/validation",
  "/dataset/split/seed",
  "/dataset/split/stratify",
  "/continue_from",
] as const;
export const USUAL: readonly string[] = CHANGEABLE.slice(0, 4);

export interface Form {
  title: string;
  task: string;
  base: string;
  may_change: readonly string[];
  runs: string;
  minutes: string;
  parameters: string;
  submissions: string;
  /** Of the reader's zone, as `<input type="datetime-local">` has it. */
  deadline: string;
  metric: "accuracy" | "balanced_accuracy";
}

/** The body of `POST /assignments`. Throws SyntaxError where the base is no JSON. */
export function documentOf(form: Form, name: string) {
  const limit = (text: string) => (text.trim() ? Number(text) : null);
  return {
    class: name,
    title: form.title.trim(),
    task: form.task.trim(),
    base: JSON.parse(form.base) as Record<string, unknown>,
    may_change: [...form.may_change],
    budget: {
      runs: limit(form.runs),
      minutes: limit(form.minutes),
      parameters: limit(form.parameters),
      submissions: limit(form.submissions) ?? 5,
    },
    deadline: new Date(form.deadline).toISOString(),
    metric: form.metric,
  };
}

/** In a week, at the end of an afternoon. */
export function nextWeek(now: Date): string {
  return localTime(new Date(now.getFullYear(), now.getMonth(), now.getDate() + 7, 18));
}

/** In the reader's zone, as `<input type="datetime-local">` has it. */
export function localTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** Those on a dataset to which a student may still submit. */
export function openFor<T extends { dataset: string; is_closed: boolean; spent: unknown }>(
  assignments: readonly T[],
  dataset: string,
): T[] {
  return assignments.filter((each) => each.dataset === dataset && !each.is_closed && each.spent !== null);
}

/** A spec as text, of which the dataset is another one. */
export function withDataset(text: string, name: string): string {
  try {
    const spec = JSON.parse(text) as Record<string, unknown>;
    const dataset = typeof spec.dataset === "object" ? spec.dataset : {};
    return JSON.stringify({ ...spec, dataset: { ...dataset, name } }, null, 2);
  } catch {
    return text;
  }
}
