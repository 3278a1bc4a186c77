import { answer, api } from "../../api/client.ts";
import { connection } from "../../api/connection.svelte.ts";
import { RELOAD, type Resource, resource } from "../../api/resource.svelte.ts";
import { applyToDatasets, type Dataset } from "./datasets.ts";

/** All datasets, the built-in ones first: fetched once, changed by events. */
export function datasets(): Resource<readonly Dataset[]> {
  return resource<readonly Dataset[]>(
    async (signal) => {
      await connection.first;
      // The client loses how long the lists of shapes are.
      return (await answer(api.GET("/datasets", { signal }))).items as Dataset[];
    },
    (list, event) => applyToDatasets(list, event) ?? RELOAD,
  );
}
