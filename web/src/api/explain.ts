import { request, type Schema } from "./client.ts";
import type { EvaluatedSample } from "./relabel.ts";

export type Occlusion = Schema<"Occlusion">;

/** Why a run's network answers `label` to an image that it received, a data URL. Throws as `request` does. */
export function explainImage(experiment: string, image: string, label: string): Promise<Occlusion> {
  const [, text = ""] = image.split(",", 2);
  const body = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return explain(experiment, { class: label, prep: "none" }, new Blob([body], { type: "image/png" }));
}

/** What speaks for `label` in a sample that a run was evaluated on. Throws as `request` does. */
export function explainSample(
  { experiment, split, index }: EvaluatedSample,
  label: string,
): Promise<Occlusion> {
  return explain(experiment, { split, index: String(index), class: label });
}

async function explain(experiment: string, query: Record<string, string>, body?: Blob): Promise<Occlusion> {
  const path = `/experiments/${encodeURIComponent(experiment)}/explanations?${new URLSearchParams(query)}`;
  const headers = { accept: "application/json" };
  const response = await request(path, { method: "POST", headers, ...(body && { body }) });
  return ((await response.json()) as Schema<"ExplanationView">).explanation;
}
