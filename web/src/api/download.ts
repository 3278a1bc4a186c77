import { BASE, request } from "./client.ts";
import { pathOf } from "./path.ts";
import { session } from "./session.svelte.ts";

/** Save the file of the API that the clicked link leads to: the link itself cannot send the key. Throws as `request`. */
export async function follow(event: MouseEvent): Promise<void> {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!session.key || !link || event.defaultPrevented) return;
  const path = pathOf(link.href, BASE, location.href);
  if (!path) return;
  event.preventDefault();
  const name =
    link.download ||
    path
      .replace(/[?#].*/, "")
      .split("/")
      .pop() ||
    "trainyard";
  const saved = URL.createObjectURL(await (await request(path)).blob());
  Object.assign(document.createElement("a"), { href: saved, download: name }).click();
  URL.revokeObjectURL(saved);
}
