/** One error of RFC 9457 `errors`: where in the request, what is wrong, what was received. */
export interface Fault {
  pointer: string;
  detail: string;
  received?: unknown;
}

/** An error of a request. `status` is 0 where no answer came. */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly type: string;
  readonly faults: readonly Fault[];

  constructor(
    status: number,
    title: string,
    detail: string,
    type = "about:blank",
    faults: readonly Fault[] = [],
  ) {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.type = type;
    this.faults = faults;
  }

  /** Whether results on a test split are withheld. */
  get isHidden(): boolean {
    return this.type === "urn:trainyard:problem:results_hidden";
  }

  /** Whether the service, or what is in front of it, cannot be reached: what failed may be retried. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }
}

/** The problem that a body describes; any body will do. The status that it names is that which it would have. */
export function problemOf(status: number, statusText: string, body: unknown): Problem {
  const title = statusText || `HTTP ${status}`;
  if (!isObject(body)) return new Problem(status, title, typeof body === "string" ? body.slice(0, 500) : "");
  const faults = Array.isArray(body.errors) ? body.errors.filter(isObject).map(faultOf) : [];
  const detail = text(body.detail) || text(body.error) || "";
  const named = typeof body.status === "number" ? body.status : status;
  return new Problem(named, text(body.title) || title, detail, text(body.type) || "about:blank", faults);
}

/** The problem of something thrown: a request that was not answered, or a fault of the page. */
export function problemFrom(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new Problem(thrown instanceof TypeError ? 0 : -1, "", detail);
}

function faultOf(entry: Record<string, unknown>): Fault {
  const fault: Fault = { pointer: text(entry.pointer) ?? "", detail: text(entry.detail) ?? "" };
  return "received" in entry ? { ...fault, received: entry.received } : fault;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
