import { isObject, mergePatch, withoutEmpty } from "../../parts/patch.ts";
import { toYaml } from "../../parts/yaml.ts";

/** The patch of a finding with its reason as `notes`, as the editor starts with it. The service names the run. */
export function patchOf(
  finding: { suggestion?: { patch: Record<string, unknown> } | null },
  notes: string,
): string {
  const { based_on, ...change } = finding.suggestion?.patch ?? {};
  return JSON.stringify({ based_on, notes, ...change }, null, 2);
}

export type Parsed = { patch: Record<string, unknown> } | { fault: string | null };

/** What was typed as a patch; a fault is the parser's message, null where it is JSON but no object. */
export function parsePatch(text: string): Parsed {
  try {
    const patch: unknown = JSON.parse(text);
    return isObject(patch) ? { patch } : { fault: null };
  } catch (thrown) {
    return { fault: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** A spec as people compare it: what it is based on is no part of what changes. */
export function specText(spec: unknown): string {
  const shown = withoutEmpty(spec);
  if (isObject(shown)) delete shown.based_on;
  return toYaml(shown);
}

/** The spec after a patch, as text: a change is trained from the beginning, also of a run that continued another. */
export function patchedText(spec: unknown, patch: Record<string, unknown>): string {
  return specText(mergePatch(mergePatch(spec, { continue_from: null }), patch));
}
