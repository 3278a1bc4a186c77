import type { RunSummary, Status } from "../../api/runs.ts";
import type { components } from "../../api/schema.d.ts";
import { drawTree, type Row } from "./tree.ts";

export type Lineage = components["schemas"]["Lineage"];
export type Step = Lineage["items"][number];
export type Split = "test" | "validation";

/** One experiment of a family as it is shown. */
export interface Member {
  id: string;
  name: string;
  status: Status;
  based_on: string | null;
  notes: string;
  accuracy: Readonly<Record<Split, number | null>>;
  /** What the lineage says of it; null beside the way to the chosen one. */
  step: Step | null;
}

export interface Family {
  rows: readonly (Row & { member: Member })[];
  /** From the oldest to the chosen one. */
  path: readonly Member[];
}

/** All that is known of the family of `id`: its lineage, and from the list of runs what else came of its ancestors. */
export function familyOf(lineage: Lineage, runs: readonly RunSummary[], id: string, split: Split): Family {
  const members = new Map(runs.map((run) => [run.id, memberOf(run)]));
  lineage.items.forEach((step, index) => {
    const known = members.get(step.id);
    const before = lineage.items[index - 1]?.id ?? null;
    members.set(step.id, {
      id: step.id,
      name: step.name,
      status: step.status,
      based_on: before,
      notes: step.notes || known?.notes || "",
      accuracy: { test: step.accuracy, validation: step.val_accuracy },
      step,
    });
  });
  for (const child of lineage.children ?? [])
    if (!members.has(child.id))
      members.set(child.id, {
        ...child,
        based_on: id,
        notes: "",
        accuracy: { test: null, validation: null },
        step: null,
      });
  const nodes = [...members.values()].map((each) => ({ ...each, value: each.accuracy[split] }));
  const rows = drawTree(nodes, id).flatMap((row) => {
    const member = members.get(row.id);
    return member ? [{ ...row, member }] : [];
  });
  const path = lineage.items.flatMap((step) => members.get(step.id) ?? []);
  return { rows, path };
}

function memberOf(run: RunSummary): Member {
  return {
    id: run.id,
    name: run.name,
    status: run.status,
    based_on: run.based_on,
    notes: run.notes ?? "",
    accuracy: { test: run.metrics.test_accuracy ?? null, validation: run.metrics.val_accuracy ?? null },
    step: null,
  };
}

/** What a step gained over the one before; null where one of them is unknown. */
export function gainOf({ step }: Member, split: Split): number | null {
  if (!step) return null;
  return split === "test" ? step.accuracy_gain : step.val_accuracy_gain;
}

/** The changes of a step, one by one. */
export function changesOf({ step }: Member): string[] {
  return step?.changed ? step.changed.split("; ") : [];
}
