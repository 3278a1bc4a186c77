import { getJson } from "../../api/client.ts";
import { changePath } from "../../api/privacy.ts";
import { withCorrections } from "./ask.ts";

interface Experiment {
  id: string;
  name: string;
  private: boolean;
  spec: Parameters<typeof withCorrections>[1];
}

/** Start an experiment that fine-tunes another one on `corrections`, too. Raises Problem. */
export async function trainWithCorrections(id: string, corrections: string): Promise<Experiment> {
  const record = await getJson<Experiment>(`/experiments/${id}`);
  return getJson<Experiment>(changePath(record), {
    method: "POST",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify(withCorrections(id, record.spec, corrections)),
  });
}
