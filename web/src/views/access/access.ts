import type { Schema } from "../../api/client.ts";

export type Key = Schema<"KeyView">;
export type Owner = Schema<"OwnerView">;
export type Scope = Schema<"KeyScope">;
export type Quota = Schema<"Quota">;

export const SCOPES = ["read", "run", "data", "serve", "predict", "teach", "admin"] as const;
export const LIMITS = ["running", "queued", "training_minutes", "bytes", "predictions"] as const;
export type Limit = (typeof LIMITS)[number];

const GB = 1_000_000_000;

/** The scopes that a key can give to keys that it creates. */
export function grantable(scopes: readonly Scope[]): readonly Scope[] {
  return scopes.includes("admin") ? SCOPES : SCOPES.filter((each) => scopes.includes(each));
}

/** Why a key is not valid any more; null while it is. */
export function endOf(key: Key, now: Date): "revoked" | "expired" | null {
  if (key.revoked_at) return "revoked";
  return key.expires_at && new Date(key.expires_at) <= now ? "expired" : null;
}

/** Valid keys and ended ones, both the newest first. */
export function splitKeys(keys: readonly Key[], now: Date): { valid: readonly Key[]; ended: readonly Key[] } {
  const sorted = keys.toSorted((a, b) => b.created_at.localeCompare(a.created_at));
  return {
    valid: sorted.filter((key) => endOf(key, now) === null),
    ended: sorted.filter((key) => endOf(key, now) !== null),
  };
}

/** A limit as it is written in a field: bytes in GB, "" where the settings say. */
export function toField(limit: Limit, value: number | null): string {
  if (value === null) return "";
  return String(limit === "bytes" ? value / GB : value);
}

/** The other way round. */
export function fromField(limit: Limit, text: string): number | null {
  if (text.trim() === "") return null;
  const value = Number(text);
  return Math.round(limit === "bytes" ? value * GB : value);
}
