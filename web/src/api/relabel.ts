import { answer, api, type Schema } from "./client.ts";

export interface EvaluatedSample {
  experiment: string;
  split: "training" | "validation" | "test";
  /** Within the split. */
  index: number;
}

/** Correct the label of a sample: its image joins the corrections of its dataset. Throws as `answer` does. */
export function relabel(
  { experiment, split, index }: EvaluatedSample,
  label: string,
): Promise<Schema<"LabeledSample">> {
  const path = { experiment_id: experiment, split, index };
  return answer(
    api.POST("/experiments/{experiment_id}/samples/{split}/{index}/label", {
      params: { path },
      body: { label },
    }),
  );
}
