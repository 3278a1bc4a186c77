import { hasEnded } from "./sweep.ts";

/** The `curl` line that shows a sweep. */
export function curlLine(address: string, id: string): string {
  return `curl ${address}/sweeps/${id}`;
}

/** The line that changes its budget, or pauses it. */
export function editLine(address: string, id: string, edit: object): string {
  const body = JSON.stringify(edit);
  return `curl -X PATCH ${address}/sweeps/${id} -H 'Content-Type: application/merge-patch+json' -d '${body}'`;
}

export function cancelLine(address: string, id: string): string {
  return `curl -X POST ${address}/sweeps/${id}:cancel`;
}

/** The line that deletes it, with the runs of its trials or without. */
export function deleteLine(address: string, id: string, trials: boolean, force = false): string {
  const query = `?trials=true${force ? "&force=true" : ""}`;
  return `curl -X DELETE ${trials ? `'${address}/sweeps/${id}${query}'` : `${address}/sweeps/${id}`}`;
}

/** The same with the command-line client, which follows a running one. */
export function commandLine(address: string, sweep: { id: string; status: string }): string {
  return `trainyard sweep ${hasEnded(sweep) ? "show" : "watch"} ${sweep.id} --url ${address}`;
}
