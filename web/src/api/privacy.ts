import { answer, api } from "./client.ts";
import { problemFrom } from "./problem.ts";

/** What decides whether something is private, in its place. */
export interface Decider {
  kind: "sweep" | "dataset";
  name: string;
  id: string;
}

/** The sweep of a trial, or else the first of some datasets that is private; null if nothing decides. Throws Problem. */
export async function findDecider(
  sweep: string | null,
  datasets: readonly string[],
  signal: AbortSignal,
): Promise<Decider | null> {
  if (sweep !== null) {
    const params = { path: { sweep_id: sweep } };
    const found = await unlessGone(answer(api.GET("/sweeps/{sweep_id}", { params, signal })));
    if (found) return { kind: "sweep", name: found.name, id: sweep };
  }
  for (const name of datasets) {
    const found = await unlessGone(
      answer(api.GET("/datasets/{name}", { params: { path: { name } }, signal })),
    );
    if (found?.record?.private) return { kind: "dataset", name, id: name };
  }
  return null;
}

/** Where to post a change of a run: one of something private is not shown to others by itself. */
export function changePath({ private: isPrivate }: { private: boolean }): string {
  return `/experiments${isPrivate ? "?private=true" : ""}`;
}

/** What was deleted decides nothing. */
async function unlessGone<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (thrown) {
    if (problemFrom(thrown).status === 404) return null;
    throw thrown;
  }
}
