import type { Range } from "./frame.ts";

/** The part of x that `3,12.5` says; null for anything else. */
export function readZoom(text: string): Range | null {
  const parts = text.split(",");
  const [from, to] = parts.map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (parts.length !== 2 || from === undefined || to === undefined) return null;
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? [from, to] : null;
}

export function writeZoom(range: Range | null): string | null {
  return range?.map((value) => Number(value.toPrecision(6))).join(",") ?? null;
}
