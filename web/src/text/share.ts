import { percent } from "./number.ts";

const LEAST = 0.001;

/** A probability as percent. Only 0 and 1 themselves are 0 % and 100 %: 0.99998 is "> 99.9 %". */
export function share(value: number, locale: string): string {
  if (value > 0 && value < LEAST) return `< ${percent(LEAST, locale, 1)}`;
  if (value < 1 && value > 1 - LEAST) return `> ${percent(1 - LEAST, locale, 1)}`;
  return percent(value, locale, 1);
}
