import type { Occlusion } from "../api/explain.ts";
import { type Problem, problemFrom } from "../api/problem.ts";

/** Why a network answered what it did: requested once, for one image and one class. */
export class Why {
  #explanation: Occlusion | null = $state.raw(null);
  #problem: Problem | null = $state.raw(null);
  /** The image and the class that are asked about. */
  #image: string = $state("");
  #label: string = $state("");
  isAsking: boolean = $state(false);

  /** Null unless it is that of `image`. */
  of(image: string): Occlusion | null {
    return this.#image === image ? this.#explanation : null;
  }

  problemOf(image: string): Problem | null {
    return this.#image === image ? this.#problem : null;
  }

  /** Ask, or take back what is shown. */
  async toggle(image: string, label: string, ask: () => Promise<Occlusion>): Promise<void> {
    if (this.isAsking) return;
    const isShown = this.of(image) !== null && this.#label === label;
    this.#explanation = this.#problem = null;
    [this.#image, this.#label] = [image, label];
    if (isShown) return;
    this.isAsking = true;
    try {
      const explanation = await ask();
      if (this.#image === image) this.#explanation = explanation;
    } catch (thrown) {
      this.#problem = problemFrom(thrown);
    } finally {
      this.isAsking = false;
    }
  }
}
