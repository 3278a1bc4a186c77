import { elapsed, type History } from "../../api/history.ts";
import type { Series } from "../../charts/line.ts";

export interface Curve {
  /** The name of the metric without `val_`. */
  name: string;
  series: Series[];
}

const ORDER = ["loss", "accuracy"];

/** One chart for each metric, validation over training. A learning rate that never changes is left out. */
export function curvesOf(
  known: History,
  bySeconds: boolean,
  names: { training: string; validation: string },
): Curve[] {
  const x = bySeconds ? elapsed(known) : known.epoch;
  const bases = [...new Set([...ORDER, ...Object.keys(known.history).map(baseOf)])];
  return bases.flatMap((base) => {
    const line = (name: string, label: string, color: number): Series[] => {
      const y = known.history[name];
      return y?.length ? [{ id: name, name: label, x, y, color, dashed: color === 1 }] : [];
    };
    const hasBoth = known.history[`val_${base}`] !== undefined;
    const series = [
      ...line(base, hasBoth ? names.training : base, hasBoth ? 1 : 0),
      ...line(`val_${base}`, names.validation, 0),
    ];
    if (!ORDER.includes(base) && (series.length === 0 || series.every(isConstant))) return [];
    return [{ name: base, series }];
  });
}

function baseOf(name: string): string {
  return name.replace(/^val_/, "");
}

function isConstant(series: Series): boolean {
  return series.y.every((value) => value === null || value === series.y[0]);
}

/** How many epochs have a loss that is no finite number. */
export function brokenEpochs({ history }: History): number {
  const all = Object.keys(history).filter((name) => name === "loss" || name === "val_loss");
  const broken = new Set(
    all.flatMap((name) => (history[name] ?? []).flatMap((value, at) => (value === null ? [at] : []))),
  );
  return broken.size;
}

/** Where on x an epoch, counted from 0, is marked; null where it is not known. */
export function placeOf(known: History, epoch: number | null | undefined, bySeconds: boolean): number | null {
  const at = epoch === null || epoch === undefined ? -1 : known.epoch.indexOf(epoch);
  if (at < 0) return null;
  return (bySeconds ? elapsed(known) : known.epoch)[at] ?? null;
}
