import { challengeOf, newVerifier } from "./challenge.ts";
import { answer, api, isForeign, url } from "./client.ts";
import { session } from "./session.svelte.ts";

const VERIFIER = "trainyard.verifier";
const RETURNED = "#login=";

/** Who signs people in, as the name of a host; null where nobody does, or this page could not: browsers compute a
 * digest on pages over https and of this machine alone. */
export async function findProvider(): Promise<string | null> {
  if (!globalThis.isSecureContext || isForeign) return null;
  return (await answer(api.GET("/login"))).provider;
}

/** Leave for the provider. Only this tab has the verifier, without which the code that comes back is worth nothing. */
export async function beginSignIn(): Promise<void> {
  const verifier = newVerifier();
  sessionStorage.setItem(VERIFIER, verifier);
  location.assign(url(`/login/provider?challenge=${await challengeOf(verifier)}`));
}

/** Whether the provider has just sent the browser back. */
export function isReturning(hash: string): boolean {
  return hash.startsWith(RETURNED);
}

/** Exchange the code in the address, which is forgotten, for a key. Throws Problem. */
export async function finishSignIn(): Promise<void> {
  const code = location.hash.slice(RETURNED.length);
  const verifier = sessionStorage.getItem(VERIFIER) ?? "";
  sessionStorage.removeItem(VERIFIER);
  history.replaceState(history.state, "", "#/");
  const created = await answer(api.POST("/login/provider/key", { body: { code, verifier } }));
  session.enter(created.key);
}
