export const SPLITS = ["test", "validation", "training"] as const;
export type Split = (typeof SPLITS)[number];

export function readSplit(text: string): Split {
  return SPLITS.find((each) => each === text) ?? "test";
}
