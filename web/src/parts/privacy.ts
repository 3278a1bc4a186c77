import { type ChangeScope, type Holder, mayChange } from "../api/rights.ts";

/** Whether somebody with a key may make private what belongs to an owner; what belongs to nobody never is. */
export function mayHide(me: Holder, owner: string | null, scope: ChangeScope): boolean {
  return owner !== null && mayChange(me, owner, scope);
}

/** All texts in a part of a spec, or in the search of one: among them are the names of the datasets that it may use. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
