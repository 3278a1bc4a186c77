import type { Component } from "svelte";
import type { IconName } from "../parts/icons.ts";

/** What `views/<name>/view.ts` exports as default. */
export interface View {
  /** The first part of the hash: `runs` is `#/runs`. */
  name: string;
  /** The title in the chosen language: a getter, because it is read again when that changes. */
  title: () => string;
  icon: IconName;
  /** The place in the navigation, from 1; without one the view is reached from others. */
  order?: number;
  /** The key after `g` that goes to it. */
  key?: string;
  /** Only where the service asks for keys. */
  needsKey?: boolean;
  /** Request what it shows before it is loaded, where the page begins with it. Resolves to what the stream of events has
   * to begin behind, "" where that is unknown. */
  request?: () => Promise<string>;
  load: () => Promise<{ default: Component }>;
}

const modules = import.meta.glob<{ default: View }>("./*/view.ts", { eager: true });

export const VIEWS: readonly View[] = Object.values(modules)
  .map((module) => module.default)
  .sort((a, b) => (a.order ?? 99) - (b.order ?? 99));

export const NAVIGATION = VIEWS.filter((view) => view.order !== undefined);

export function findView(name: string): View | undefined {
  return VIEWS.find((view) => view.name === name);
}
