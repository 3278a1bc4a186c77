import type { View } from "./registry.ts";

/** Those that there are for who uses the page: some only where the service asks for keys. */
export function shownWith<T extends Pick<View, "needsKey">>(key: string | null, views: readonly T[]): T[] {
  return views.filter((view) => key !== null || !view.needsKey);
}

/** Those that `g` and a letter lead to. */
export function keyedWith<T extends Pick<View, "key" | "needsKey">>(
  key: string | null,
  views: readonly T[],
): T[] {
  return shownWith(key, views).filter((view) => view.key !== undefined);
}
