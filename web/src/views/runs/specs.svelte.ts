import { answer, api } from "../../api/client.ts";
import { type Resource, resource } from "../../api/resource.svelte.ts";
import { type FlatSpec, flatten } from "../../api/specs.ts";

/** Specs never change: each is fetched once. */
const known = new Map<string, FlatSpec>();
const MAX_AT_ONCE = 4;

/** The specs of some experiments. */
export function specs(ids: () => readonly string[]): Resource<ReadonlyMap<string, FlatSpec>> {
  return resource((signal) => {
    const wanted = ids();
    return wanted.length ? fetchAll(wanted, signal) : null;
  });
}

async function fetchAll(
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FlatSpec>> {
  const missing = wanted.filter((id) => !known.has(id));
  const fetchNext = async () => {
    for (let id = missing.shift(); id !== undefined; id = missing.shift()) {
      const path = { experiment_id: id };
      const record = await answer(api.GET("/experiments/{experiment_id}", { params: { path }, signal }));
      known.set(id, flatten(record.spec));
    }
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, fetchNext));
  return new Map(wanted.map((id) => [id, known.get(id) ?? new Map()]));
}
