import { type Edit, sendEdit } from "../../api/edit.ts";
import { problemFrom } from "../../api/problem.ts";
import type { Resource } from "../../api/resource.svelte.ts";
import type { RunList, RunSummary } from "../../api/runs.ts";
import { toasts } from "../../parts/toasts.svelte.ts";

/** Show an edit at once and send it; what the service rejects is undone, with a message. */
export async function editRun(list: Resource<RunList>, run: RunSummary, edit: Edit): Promise<boolean> {
  put(list, run.id, edit);
  try {
    await sendEdit(run.id, edit);
    return true;
  } catch (thrown) {
    const before = Object.fromEntries(Object.keys(edit).map((name) => [name, run[name as keyof Edit]]));
    put(list, run.id, before);
    const problem = problemFrom(thrown);
    toasts.show(problem.detail || problem.title, "error");
    return false;
  }
}

function put(list: Resource<RunList>, id: string, edit: Edit): void {
  const known = list.data;
  if (!known) return;
  list.set({ ...known, items: known.items.map((run) => (run.id === id ? { ...run, ...edit } : run)) });
}
