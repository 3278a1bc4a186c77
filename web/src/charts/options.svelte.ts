import { route } from "../shell/route.svelte.ts";
import type { Range } from "./frame.ts";
import { readZoom, writeZoom } from "./options.ts";

/** How curves are drawn, as the hash says: every link shows them alike. */
export class CurveOptions {
  readonly bySeconds: boolean = $derived(route.get("x") === "seconds");
  readonly log: boolean = $derived(route.get("log") === "true");
  readonly smoothing: number = $derived(Math.min(0.99, Math.max(0, Number(route.get("smoothing")) || 0)));
  readonly #zoom: Range | null = $derived(readZoom(route.get("zoom")));
  /** Where the cursor is in all charts. */
  cursor: number | null = $state(null);

  get zoom(): Range | null {
    return this.#zoom;
  }
  set zoom(range: Range | null) {
    route.set({ zoom: writeZoom(range) });
  }
}
