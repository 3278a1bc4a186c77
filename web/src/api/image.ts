import type { Attachment } from "svelte/attachments";
import { BASE, isAbort, request } from "./client.ts";
import { session } from "./session.svelte.ts";

/**
 * Shows an image of the API in an `img` element: `src` cannot send the key, where one is needed. The address is also in
 * `data-address`, because `src` is then one of this tab.
 */
export function shows(address: string): Attachment<HTMLImageElement> {
  return (image) => {
    image.dataset.address = address;
    if (!session.key || address.startsWith("data:")) {
      image.src = address;
      return undefined;
    }
    const loading = new AbortController();
    let loaded = "";
    request(address.slice(BASE.length), { signal: loading.signal })
      .then((response) => response.blob())
      .then((blob) => {
        loaded = URL.createObjectURL(blob);
        image.src = loaded;
      })
      .catch((thrown) => {
        if (!isAbort(thrown)) image.dispatchEvent(new Event("error"));
      });
    return () => {
      loading.abort();
      if (loaded) URL.revokeObjectURL(loaded);
    };
  };
}
