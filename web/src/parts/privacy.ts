/** What a key has to allow for a change of something: experiments and sweeps need `run`, datasets `data`. */
type Scope = "run" | "data";

/** Whether somebody with a key may make private what belongs to an owner; what belongs to nobody never is. A teacher may
 * change experiments and sweeps of students: who teaches whom, the service knows. */
export function mayHide(
  me: { owner: string; scopes: readonly string[] },
  owner: string | null,
  scope: Scope,
): boolean {
  if (owner === null) return false;
  if (me.scopes.includes("admin")) return true;
  if (!me.scopes.includes(scope)) return false;
  return me.owner === owner || (scope === "run" && me.scopes.includes("teach"));
}

/** All texts in a part of a spec, or in the search of one: among them are the names of the datasets that it may use. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
