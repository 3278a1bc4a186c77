import { getJson } from "../../api/client.ts";
import { withCorrections } from "./ask.ts";

interface Experiment {
  id: string;
  name: string;
  spec: Parameters<typeof withCorrections>[1];
}

/** Start an experiment that fine-tunes another one on `corrections`, too. Raises Problem. */
export async function trainWithCorrections(id: string, corrections: string): Promise<Experiment> {
  const { spec } = await getJson<Experiment>(`/experiments/${id}`);
  return getJson<Experiment>("/experiments", {
    method: "POST",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify(withCorrections(id, spec, corrections)),
  });
}
