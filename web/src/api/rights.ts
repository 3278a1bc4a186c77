/** Of a key: whose it is, and what it allows. */
export interface Holder {
  owner: string;
  scopes: readonly string[];
}
/** What a key has to allow for a change of something: experiments and sweeps need `run`, datasets `data`, pins `serve`. */
export type ChangeScope = "run" | "data" | "serve";

/** Whether a key has a scope; an admin's has all. */
export function hasScope({ scopes }: Holder, scope: string): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Whether a key changes what belongs to an owner; what belongs to nobody everybody does. A teacher may change experiments
 * and sweeps of students: who teaches whom, the service knows. */
export function mayChange(holder: Holder, owner: string | null, scope: ChangeScope): boolean {
  if (!hasScope(holder, scope)) return false;
  if (owner === null || owner === holder.owner || hasScope(holder, "admin")) return true;
  return scope === "run" && hasScope(holder, "teach");
}
