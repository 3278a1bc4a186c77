import { answer, api } from "../../api/client.ts";
import { connection } from "../../api/connection.svelte.ts";
import { Problem, problemFrom } from "../../api/problem.ts";
import { type Resource, resource } from "../../api/resource.svelte.ts";
import type { Status } from "../../api/runs.ts";

/** What is known of an experiment that is compared, before it has been evaluated too. */
export interface Run {
  id: string;
  name: string;
  status: Status;
  spec: unknown;
}

/** One of the experiments does not exist, or no longer. */
export class UnknownRun extends Problem {
  readonly id: string;

  constructor(id: string, { status, title, detail, type }: Problem) {
    super(status, title, detail, type);
    this.id = id;
  }
}

/** The experiments with these ids, in order. Throws UnknownRun for one that does not exist. */
export function comparedRuns(ids: () => readonly string[]): Resource<readonly Run[]> {
  return resource<readonly Run[]>(
    (signal) => {
      const wanted = ids();
      return wanted.length ? fetchAll(wanted, signal) : null;
    },
    (runs, event) => {
      if (event.kind !== "status" || !runs.some((run) => run.id === event.data.id)) return runs;
      const { id, name, status } = event.data;
      return runs.map((run) => (run.id === id ? { ...run, name, status } : run));
    },
  );
}

async function fetchAll(wanted: readonly string[], signal: AbortSignal): Promise<readonly Run[]> {
  await connection.first;
  return Promise.all(
    wanted.map(async (id) => {
      const params = { path: { experiment_id: id } };
      const record = await answer(api.GET("/experiments/{experiment_id}", { params, signal })).catch(
        (thrown) => {
          const problem = problemFrom(thrown);
          throw problem.status === 404 ? new UnknownRun(id, problem) : thrown;
        },
      );
      return { id, name: record.name, status: record.status as Status, spec: record.spec };
    }),
  );
}
