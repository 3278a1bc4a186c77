import { hasEnded } from "./sweep.ts";

/** The `curl` line that shows a sweep. */
export function curlLine(address: string, id: string): string {
  return `curl ${address}/sweeps/${id}`;
}

/** The same with the command-line client, which follows a running one. */
export function commandLine(address: string, sweep: { id: string; status: string }): string {
  return `trainyard sweep ${hasEnded(sweep) ? "show" : "watch"} ${sweep.id} --url ${address}`;
}
