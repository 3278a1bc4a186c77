import type { Problem } from "../api/problem.ts";
import { t } from "./shell.ts";

const URN = "urn:trainyard:problem:";

/** What a problem is, in the language of the page: by its type, or else by its status. */
export function problemTitle(problem: Problem): string {
  const titles: Readonly<Record<string, string>> = t.problem;
  const named = problem.type.startsWith(URN) ? titles[problem.type.slice(URN.length)] : undefined;
  return named ?? titles[`status_${problem.status}`] ?? problem.title;
}
