import { url } from "./client.ts";
import { Problem, problemOf } from "./problem.ts";
import { session } from "./session.svelte.ts";

interface Options {
  signal: AbortSignal;
  onProgress: (sent: number, total: number) => void;
}

/** POST a body of any size, saying how much has been sent, which `fetch` cannot. Throws as `request` does. */
export function upload(path: string, body: Blob, { signal, onProgress }: Options): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = new XMLHttpRequest();
    const abort = () => sent.abort();
    sent.open("POST", url(path));
    sent.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(session.headers)) sent.setRequestHeader(name, value);
    sent.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    sent.onload = () => {
      if (sent.status < 300) resolve();
      else reject(problemOf(sent.status, sent.statusText, parse(sent.responseText)));
    };
    sent.onerror = () => reject(new Problem(0, "", ""));
    sent.onabort = () => reject(new DOMException("aborted", "AbortError"));
    sent.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    sent.send(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
