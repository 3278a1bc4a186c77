import { t } from "../../text/data.ts";
import type { Dataset, Split } from "./datasets.ts";

/** The form of a sample: `28 × 28 grayscale`; "" until it is known. */
export function shapeText({ shape, record }: Dataset): string {
  if (shape?.length === 1) return t.numbers(shape[0] ?? 0);
  if (shape?.length === 3) {
    const [height, width, channels] = shape;
    const kind = channels === 1 ? t.gray : channels === 3 ? t.color : t.alpha;
    return `${width} × ${height} ${kind}`;
  }
  const sizes = record?.contents?.sizes_found;
  return sizes ? t.manySizes(sizes) : "";
}

/** What the samples of a split are called; corrections are no split of their own. */
export function splitTitle({ origin }: Dataset, split: Split): string {
  return origin === "collected" ? t.correctedCount : t.split[split];
}
