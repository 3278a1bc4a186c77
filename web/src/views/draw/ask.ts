/** A question to `POST /predict`: the model of `experiment`, or else the one that serves `dataset`. */
export interface Question {
  dataset: string;
  experiment: string | null;
  /** A row of digits instead of one. */
  isRow: boolean;
}

export function predictPath({ dataset, experiment, isRow }: Question): string {
  const query = new URLSearchParams(experiment ? { experiment } : { dataset });
  if (isRow) query.set("digits", "many");
  query.set("explain", "true");
  return `/predict?${query}`;
}

/** What is sent: an image file, or numbers. */
export type Sent = { filename: string } | { features: readonly number[] };

/** The same question for a terminal. */
export function curlLine(base: string, question: Question, sent: Sent): string {
  const address = quote(base + predictPath(question));
  if ("filename" in sent) return `curl -F file=@${quoteIfNeeded(sent.filename)} ${address}`;
  return `curl --json ${quote(JSON.stringify({ features: sent.features }))} ${address}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quoteIfNeeded(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : quote(text);
}

/** The dataset that is drawn for where none is chosen: digits can be drawn best. */
export function chooseDataset(chosen: string, served: readonly string[]): string {
  return chosen || ["mnist", "digits"].find((each) => served.includes(each)) || served[0] || "";
}

/** Numbers as people type them: "1,5" is 1.5. Null unless all are numbers that the service takes. */
export function parseFeatures(texts: readonly string[]): number[] | null {
  const values = texts.map((text) => (text.trim() ? Number(text.trim().replace(",", ".")) : Number.NaN));
  return values.every((value) => Number.isFinite(value) && Math.abs(value) <= 1e6) ? values : null;
}
