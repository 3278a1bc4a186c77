import type { Schema } from "../../api/client.ts";

export type Prediction = Schema<"Prediction">;

/** The sentence for a verdict, and its arguments. */
export type Spoken =
  | { kind: "confident" | "several_digits" }
  | { kind: "not_a_digit"; label: string }
  | { kind: "ignored"; marks: number }
  | { kind: "close"; first: string; second: string; margin: number }
  | { kind: "unsure"; probability: number };

const CLOSE = 0.5;

/** The reason for a verdict, as far as the answer has it. */
export function speak({ verdict, top, margin, preprocessing }: Prediction): Spoken {
  const [first, second] = top;
  if (verdict === "confident" || verdict === "several_digits") return { kind: verdict };
  if (verdict === "not_a_digit") return { kind: verdict, label: first?.label ?? "" };
  const marks = preprocessing.ignored_marks ?? 0;
  if (marks) return { kind: "ignored", marks };
  if (first && second && margin < CLOSE)
    return { kind: "close", first: first.label, second: second.label, margin };
  return { kind: "unsure", probability: first?.probability ?? 0 };
}
