import { numberFormat, timeFormat } from "./formats.ts";

/** Numbers, durations, sizes and times as people read them. All take a locale, none throws for NaN or null. */
export const NOTHING = "–";

type Maybe = number | null | undefined;

function finite(value: Maybe): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Up to `digits` significant digits: 0.98312 is 0.983, 12345.6 is 12,346, 0.0000123 is 1.23e-5. */
export function significant(value: Maybe, locale: string, digits = 3): string {
  if (value === null || value === undefined) return NOTHING;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(digits - 1).replace("e+", "e");
  if (size >= 10 ** digits) return numberFormat(locale, {}).format(Math.round(value));
  return numberFormat(locale, { maximumSignificantDigits: digits }).format(value);
}

/** A metric with a fixed number of decimals, so that a column of them lines up: accuracy 0.9831, loss 0.0612. */
export function metric(value: Maybe, locale: string, decimals = 4): string {
  if (!finite(value)) return significant(value, locale);
  if (value !== 0 && Math.abs(value) < 10 ** -decimals / 2) return value.toExponential(1);
  if (Math.abs(value) >= 1000) return significant(value, locale, 5);
  const format = numberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return format.format(value);
}

/** A share from 0 to 1 as percent: 0.9831 is 98.31 %. */
export function percent(value: Maybe, locale: string, decimals = 2): string {
  if (!finite(value)) return significant(value, locale);
  const format = numberFormat(locale, {
    style: "percent",
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return format.format(value);
}

export function integer(value: Maybe, locale: string): string {
  return finite(value) ? numberFormat(locale, {}).format(Math.round(value)) : significant(value, locale);
}

/** 95946 is 95.9 k: for parameters and samples where space is short. */
export function compact(value: Maybe, locale: string): string {
  if (!finite(value)) return significant(value, locale);
  return numberFormat(locale, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** Seconds as the two largest units: 0.42 s, 12 s, 3:05, 2:03:05, 3 d 2 h. */
export function duration(seconds: Maybe): string {
  if (!finite(seconds) || seconds < 0) return NOTHING;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  if (hours === 0) return `${minutes}:${two(rest)}`;
  if (hours < 48) return `${hours}:${two(minutes)}:${two(rest)}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Bytes with a decimal unit: 1.2 MB. */
export function bytes(value: Maybe, locale: string): string {
  if (!finite(value)) return NOTHING;
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** step;
  const format = numberFormat(locale, { maximumFractionDigits: step && scaled < 100 ? 1 : 0 });
  return `${format.format(scaled)} ${units[step]}`;
}

/** A time in the reader's zone, with seconds. */
export function fullTime(time: string | null | undefined, locale: string): string {
  const date = time ? new Date(time) : null;
  if (!date || Number.isNaN(date.getTime())) return NOTHING;
  return timeFormat(locale, { dateStyle: "medium", timeStyle: "medium" }).format(date);
}

/** The time today, the day this year, else the date. */
export function shortTime(time: string | null | undefined, locale: string, now = new Date()): string {
  const date = time ? new Date(time) : null;
  if (!date || Number.isNaN(date.getTime())) return NOTHING;
  if (date.toDateString() === now.toDateString())
    return timeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(date);
  if (date.getFullYear() === now.getFullYear())
    return timeFormat(locale, { month: "short", day: "numeric" }).format(date);
  return timeFormat(locale, { year: "numeric", month: "short", day: "numeric" }).format(date);
}
