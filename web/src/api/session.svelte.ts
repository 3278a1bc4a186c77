const NAME = "trainyard.key";

/** Who uses the page: the key that a service may ask for. It is kept for this tab alone, until that is closed. */
class Session {
  key: string | null = $state(takeKey());
  /** Whether a request was rejected because it had no valid key. */
  isRejected: boolean = $state(false);
  /** Why somebody could not sign in. */
  problem: string = $state("");

  /** The headers that each request needs. No cookie is used, so that no other site can send requests in its name. */
  get headers(): Record<string, string> {
    return this.key ? { authorization: `Bearer ${this.key}` } : {};
  }

  /** Use a key from now on, and load everything with it. */
  enter(key: string): void {
    sessionStorage.setItem(NAME, key);
    location.reload();
  }

  /** Ask for a key, because nobody was signed in. */
  reject(problem: string): void {
    this.isRejected = true;
    this.problem = problem;
  }

  leave(): void {
    sessionStorage.removeItem(NAME);
    location.reload();
  }
}

/**
 * The key of this tab, or else the one that the address brings in its fragment, as a QR code has it: a link logs nobody in
 * as somebody else. No browser sends a fragment to anybody, and it is taken out of the address at once, so that it stays in
 * no history.
 */
function takeKey(): string | null {
  const given = /^#key=(ty_\w+)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    history.replaceState(null, "", location.pathname);
  }
  if (given !== undefined && sessionStorage.getItem(NAME) === null) {
    sessionStorage.setItem(NAME, given);
  }
  return sessionStorage.getItem(NAME);
}

export const session = new Session();
