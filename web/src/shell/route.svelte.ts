import { formatHash, merge, type Place, parseHash, type Query } from "./hash.ts";

class Route {
  #hash: string = location.hash;
  #place: Place = $state.raw(parseHash(location.hash));

  constructor() {
    addEventListener("hashchange", () => this.#read());
  }

  get view(): string {
    return this.#place.view;
  }
  get args(): string[] {
    return this.#place.args;
  }
  get query(): URLSearchParams {
    return this.#place.query;
  }
  /** One value of the query, "" if it is not there. */
  get(name: string): string {
    return this.#place.query.get(name) ?? "";
  }

  /** Change values of the query: state of a view, so that no step of the history is made unless `push`. */
  set(changes: Query, { push = false } = {}): void {
    const hash = formatHash(this.view, this.args, merge(this.query, changes));
    if (hash === location.hash) return;
    if (push) location.hash = hash;
    else history.replaceState(history.state, "", hash);
    this.#read();
  }

  go(view: string, args: readonly string[] = [], query: Query = {}): void {
    location.hash = formatHash(view, args, query);
    this.#read();
  }

  /** At once, too, when the page itself navigates: the event comes later, and a key may be pressed before it. */
  #read(): void {
    if (location.hash === this.#hash) return;
    this.#hash = location.hash;
    this.#place = parseHash(this.#hash);
  }
}

/** Where the page is. All state of a view that a link should carry is in `route.query`. */
export const route = new Route();

/** The `href` of a view. */
export function link(view: string, args: readonly string[] = [], query: Query = {}): string {
  return formatHash(view, args, query);
}
