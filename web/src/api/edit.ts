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

/** Send an edit. Throws Problem where it is rejected. */
export async function sendEdit(id: string, edit: RunEdit): Promise<void> {
  await request(`/experiments/${encodeURIComponent(id)}`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify(edit),
  });
}
