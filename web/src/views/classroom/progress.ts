import type { Schema } from "../../api/client.ts";

export type Student = Schema<"StudentProgress">;

/** How a student gets on: whose last run failed or has a problem is stuck. */
export type State = "stuck" | "not_started" | "well";

const ORDER: readonly State[] = ["stuck", "not_started", "well"];

export function stateOf({ is_stuck, runs }: Pick<Student, "is_stuck" | "runs">): State {
  if (is_stuck) return "stuck";
  return runsIn(runs) === 0 ? "not_started" : "well";
}

/** How many experiments there are of any status. */
export function runsIn(runs: Readonly<Record<string, number>>): number {
  return Object.values(runs).reduce((sum, each) => sum + each, 0);
}

/** Those first who need help, then those who have started nothing; else in the order of the class. */
export function byNeed<T extends Pick<Student, "is_stuck" | "runs">>(students: readonly T[]): T[] {
  return students.toSorted((one, other) => ORDER.indexOf(stateOf(one)) - ORDER.indexOf(stateOf(other)));
}

export function countOf(state: State, students: readonly Pick<Student, "is_stuck" | "runs">[]): number {
  return students.filter((each) => stateOf(each) === state).length;
}
