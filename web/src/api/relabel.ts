import { answer, api, type Schema } from "./client.ts";

export interface EvaluatedSample {
  experiment: string;
  split: "training" | "validation" | "test";
  /** Within the split. */
  index: number;
}

/** A sample that was evaluated, and what became of its label since. */
export interface Judged {
  true: { label: string };
  /** Another label that it was given; null if none. */
  corrected: string | null;
  /** Whether somebody has looked, and left its label as it is. */
  confirmed: boolean;
}

/** The label that a sample was given, in this tab or before; its own where that was confirmed; null without any. */
export function givenLabel(sample: Judged, here: string | undefined): string | null {
  return here ?? sample.corrected ?? (sample.confirmed ? sample.true.label : null);
}

/**
 * Correct the label of a sample, or confirm it: its image joins the corrections of its dataset, where the page is left at
 * once, too. Throws as `answer` does.
 */
export function relabel(
  { experiment, split, index }: EvaluatedSample,
  label: string,
): Promise<Schema<"LabeledSample">> {
  const path = { experiment_id: experiment, split, index };
  return answer(
    api.POST("/experiments/{experiment_id}/samples/{split}/{index}/label", {
      params: { path },
      body: { label },
      keepalive: true,
    }),
  );
}
