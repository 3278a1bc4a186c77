import { answer, api } from "./client.ts";
import { type Resource, resource } from "./resource.svelte.ts";
import { session } from "./session.svelte.ts";

/** Whether something that is not created yet is to be private, as a checkbox has it; at first as its owner has chosen. */
export class NewPrivacy {
  /** What somebody has chosen for this one. */
  chosen: boolean | null = $state(null);
  readonly #isCopy: boolean;
  readonly #default: Resource<boolean>;
  readonly isKnown: boolean = $derived.by(() => this.#default.data !== undefined);
  readonly isPrivate: boolean = $derived.by(
    () => this.chosen ?? (this.#isCopy || (this.#default.data ?? false)),
  );
  /**
   * What to ask the service for. Null leaves it to the service: by default it is public unless it uses something private,
   * which the wish for something public would contradict.
   */
  readonly wanted: boolean | null = $derived.by(() => this.chosen ?? (this.isPrivate || null));

  /** Nothing is fetched until it is needed. `isCopy`: it begins with something private, which it would show. */
  constructor(isNeeded: () => boolean = () => true, isCopy = false) {
    this.#isCopy = isCopy;
    this.#default = resource((signal) => (session.key && isNeeded() ? fetchDefault(signal) : null));
  }
}

async function fetchDefault(signal: AbortSignal): Promise<boolean> {
  return (await answer(api.GET("/owners/me", { signal }))).private;
}
