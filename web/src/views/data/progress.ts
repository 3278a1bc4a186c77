import { speech } from "../../text/catalogue.svelte.ts";
import { t } from "../../text/data.ts";
import { integer } from "../../text/number.ts";
import type { Dataset } from "./datasets.ts";

/** What the service does with a dataset that is not ready yet. */
export function phaseText({ status }: Dataset): string {
  return status === "queued" ? t.waiting : status === "collecting" ? t.collecting : t.converting;
}

/** How many of its files are converted; "" while that is unknown. */
export function filesText({ record }: Dataset): string {
  const progress = record?.progress;
  return progress?.total
    ? t.filesOf(integer(progress.done, speech.locale), integer(progress.total, speech.locale))
    : "";
}

export function progressText(dataset: Dataset): string {
  return [phaseText(dataset), filesText(dataset)].filter(Boolean).join(" · ");
}
