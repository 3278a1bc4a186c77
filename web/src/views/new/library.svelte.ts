import { answer, api, getJson } from "../../api/client.ts";
import { connection } from "../../api/connection.svelte.ts";
import { RELOAD, type Resource, resource } from "../../api/resource.svelte.ts";
import { type JsonSchema, SpecSchema } from "./schema.ts";
import type { DatasetFacts, Preset } from "./starts.ts";

interface Document {
  components: { schemas: Record<string, JsonSchema> };
}

/** What specs are written with: presets, datasets, and the schema. */
export class Library {
  readonly presets: Resource<Preset[]> = resource((signal) =>
    answer(api.GET("/presets", { signal })).then((list) => list.items as unknown as Preset[]),
  );
  readonly datasets: Resource<DatasetFacts[]> = resource(
    async (signal) => {
      await connection.first;
      return (await answer(api.GET("/datasets", { signal }))).items;
    },
    (known, event) => (event.kind === "dataset" ? RELOAD : known),
  );
  readonly schema: Resource<SpecSchema> = resource((signal) =>
    getJson<Document>("/openapi.json", { signal }).then(
      ({ components }) => new SpecSchema(components.schemas),
    ),
  );
  readonly names: { datasets: string[] } = $derived({
    datasets: (this.datasets.data ?? []).map((each) => each.name),
  });
}
