/** Which ended runs are deleted; null is no limit. */
export interface Limits {
  older_than_days: number | null;
  keep_newest: number | null;
  max_bytes: number | null;
}

export const GB = 1e9;
/** Where nothing else is set, what is older than a month is proposed. */
const DAYS = 30;

/** The limits that a dialog begins with: those by which runs are deleted by themselves, if there are any. */
export function firstLimits(retention: Limits | null): Limits {
  const { older_than_days, keep_newest, max_bytes } = retention ?? {
    older_than_days: DAYS,
    keep_newest: null,
    max_bytes: null,
  };
  return { older_than_days, keep_newest, max_bytes };
}

/** The path of `POST /experiments:prune`; null without any limit, which is rejected. */
export function prunePath(limits: Limits, isDry: boolean): string | null {
  const set = Object.entries(limits).filter(([, value]) => value !== null && value >= 0);
  if (!set.length) return null;
  const query = new URLSearchParams(set.map(([name, value]) => [name, String(value)]));
  if (isDry) query.set("dry_run", "true");
  return `/experiments:prune?${query}`;
}
