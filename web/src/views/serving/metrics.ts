/** What `GET /metrics` counts, as far as the page shows it. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of Prometheus's text format; comments and lines that are none are left out. */
export function parseMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value);
    return [{ name, labels: Object.fromEntries(readLabels(labels)), value: number }];
  });
}

function readLabels(text: string): [string, string][] {
  return [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [
    name,
    value.replace(/\\(.)/g, (_, each: string) => (each === "n" ? "\n" : each)),
  ]);
}

/** Requests for predictions of one API process since it started. */
export interface Latency {
  answered: number;
  errors: number;
  /** Upper bounds in seconds; null without requests. */
  p50: number | null;
  p99: number | null;
}

export function latencyOf(samples: readonly Sample[]): Latency {
  const requests = samples.filter(({ name }) => name === "prediction_requests_total");
  const answered = requests.filter(({ labels }) => labels.outcome === "answered");
  const buckets = samples
    .filter(({ name }) => name === "prediction_duration_seconds_bucket")
    .map(({ labels, value }) => ({
      upTo: labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le),
      count: value,
    }));
  const sum = (list: readonly Sample[]) => list.reduce((total, { value }) => total + value, 0);
  return {
    answered: sum(answered),
    errors: sum(requests) - sum(answered),
    p50: quantile(buckets, 0.5),
    p99: quantile(buckets, 0.99),
  };
}

/** The upper bound of the bucket that holds a quantile, of cumulative buckets. */
export function quantile(buckets: readonly { upTo: number; count: number }[], share: number): number | null {
  const sorted = [...buckets].sort((a, b) => a.upTo - b.upTo);
  const total = sorted.at(-1)?.count ?? 0;
  if (!total) return null;
  return sorted.find(({ count }) => count >= share * total)?.upTo ?? null;
}
