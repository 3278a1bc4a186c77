import { type Edit, sendEdit } from "../../api/edit.ts";
import { mapPaced } from "../../api/pace.ts";
import { type Problem, problemFrom } from "../../api/problem.ts";
import type { Resource } from "../../api/resource.svelte.ts";
import type { RunList, RunSummary } from "../../api/runs.ts";
import { toasts } from "../../parts/toasts.svelte.ts";

/** Over HTTP/1.1 a browser sends no more to one host at a time, and the page has its own requests to send. */
const MAX_UNDER_WAY = 6;

/** Show an edit at once and send it; what the service rejects is undone, with a message. */
export async function editRun(list: Resource<RunList>, run: RunSummary, edit: Edit): Promise<boolean> {
  return editRuns(list, [run], () => edit);
}

/** The same for each of many; those that are rejected for the same reason have one message. */
export async function editRuns(
  list: Resource<RunList>,
  runs: readonly RunSummary[],
  editOf: (run: RunSummary) => Edit,
): Promise<boolean> {
  const edits = new Map(runs.map((run) => [run.id, editOf(run)]));
  put(list, edits);
  const oneOfMany = runs.length > 1;
  const problems = await mapPaced(runs, MAX_UNDER_WAY, async (run): Promise<Problem | null> => {
    const edit = edits.get(run.id) ?? {};
    try {
      await sendEdit(run.id, edit, { oneOfMany });
      return null;
    } catch (thrown) {
      const names = Object.keys(edit) as (keyof Edit)[];
      put(list, new Map([[run.id, Object.fromEntries(names.map((name) => [name, run[name]]))]]));
      return problemFrom(thrown);
    }
  });
  const texts = problems.flatMap((problem) => (problem ? [problem.detail || problem.title] : []));
  for (const text of new Set(texts)) toasts.show(text, "error");
  return texts.length === 0;
}

function put(list: Resource<RunList>, edits: ReadonlyMap<string, Edit>): void {
  const known = list.data;
  if (!known) return;
  list.set({
    ...known,
    items: known.items.map((run) => (edits.has(run.id) ? { ...run, ...edits.get(run.id) } : run)),
  });
}
