/** How a file is described in the catalogue: `file_<kind>`. */
export type FileKind =
  | "bundle"
  | "report"
  | "reportText"
  | "confusion"
  | "sheet"
  | "history"
  | "curves"
  | "tensorboard"
  | "record"
  | "epochs"
  | "log"
  | "keras"
  | "onnx"
  | "serving"
  | "evaluation"
  | "predictions"
  | "samples"
  | "provenance"
  | "manifest"
  | "other";

const KINDS: readonly [RegExp, FileKind][] = [
  [/^bundle\.zip$/, "bundle"],
  [/^report\.html$/, "report"],
  [/^report\.md$/, "reportText"],
  [/^confusion\./, "confusion"],
  [/^mistakes\.png$/, "sheet"],
  [/^history\.csv$/, "history"],
  [/^history\.svg$/, "curves"],
  [/^tensorboard\.zip$/, "tensorboard"],
  [/^history\.jsonl$/, "epochs"],
  [/^experiment\.json$/, "record"],
  [/^trainer\.log$/, "log"],
  [/\.keras$/, "keras"],
  [/\.onnx$/, "onnx"],
  [/^serving\.json$/, "serving"],
  [/^evaluation\.json$/, "evaluation"],
  [/^predictions-/, "predictions"],
  [/^samples\.npz$/, "samples"],
  [/^provenance\.json$/, "provenance"],
  [/^manifest\.json$/, "manifest"],
];

export function kindOf(name: string): FileKind {
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}

/** Whether the browser shows it, rather than saving it: what is made on request and is a page or an image. */
export function isShown(file: { media_type: string; bytes: number | null }): boolean {
  return file.bytes === null && /^(text\/html|image\/)/.test(file.media_type);
}
