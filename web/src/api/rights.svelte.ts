import { fetchMe } from "./me.ts";
import { type Resource, resource } from "./resource.svelte.ts";
import { type ChangeScope, type Holder, hasScope, mayChange } from "./rights.ts";
import { session } from "./session.svelte.ts";

/**
 * What the key of this tab allows, so that the page offers that alone: nothing until it is known, and everything where the
 * service asks for no keys or does not tell. Make it while a component is made.
 */
export class Rights {
  readonly #me: Resource<Holder> = resource<Holder>(() => (session.key ? fetchMe() : null));

  /** Whether it is known what the key allows, if one is needed. */
  get isKnown(): boolean {
    return this.#judge(() => true);
  }

  has(scope: string): boolean {
    return this.#judge((me) => hasScope(me, scope));
  }

  /** Whether the key is known not to have a scope, so that what needs it can say so: not before that is known. */
  lacks(scope: string): boolean {
    return this.#me.data !== undefined && !hasScope(this.#me.data, scope);
  }

  mayChange(owner: string | null, scope: ChangeScope): boolean {
    return this.#judge((me) => mayChange(me, owner, scope));
  }

  #judge(judge: (me: Holder) => boolean): boolean {
    const { data, error } = this.#me;
    return data ? judge(data) : session.key === null || error !== undefined;
  }
}
