import { request } from "./client.ts";

/** What people may change of an experiment after it was posted. */
export interface Edit {
  name?: string;
  notes?: string | null;
  tags?: string[];
  star?: boolean;
  private?: boolean;
}

/** Also what lists do not show. */
export interface RunEdit extends Edit {
  priority?: number;
}

/**
 * Send an edit. A single one arrives where the page is left at once, too. One of many must not: browsers limit what all
 * such requests of a page hold to 64 KiB, and fail those beyond. Throws Problem where it is rejected.
 */
export async function sendEdit(id: string, edit: RunEdit, { oneOfMany = false } = {}): Promise<void> {
  await request(`/experiments/${encodeURIComponent(id)}`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify(edit),
    keepalive: !oneOfMany,
  });
}
