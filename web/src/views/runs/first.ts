import { MAX_RUNS } from "../../api/runs.ts";
import { route } from "../../shell/route.svelte.ts";

/** More than most screens show. */
const SCREENFUL = 60;

/** How many runs are fetched first: a screenful where the hash asks for the list as the service has it, else all. */
export function firstRuns(): number {
  const isNewestFirst = ["sort", "filter", "group", "starred", "select"].every((name) => !route.get(name));
  return isNewestFirst ? SCREENFUL : MAX_RUNS;
}
