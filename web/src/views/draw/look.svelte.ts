import { getJson, request } from "../../api/client.ts";
import { type Problem, problemFrom } from "../../api/problem.ts";
import { pixelsOf } from "./image.ts";
import {
  columnOf,
  coverAll,
  encodeTensor,
  type HeatMap,
  heatMap,
  planPatches,
  type Shape,
} from "./occlusion.ts";

interface Metadata {
  inputs: { shape: number[] }[];
}
interface Inferred {
  outputs: { data: number[] }[];
}

/** Where a network looked when it gave an answer: requested once, for one image. */
export class Look {
  map: HeatMap | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  isAsking: boolean = $state(false);
  /** The image that the map belongs to. */
  image: string = $state("");
  label: string = $state("");

  async ask(
    model: { dataset: string; experiment_id: string },
    image: string,
    label: string,
    index: number,
  ): Promise<void> {
    this.map = this.problem = null;
    [this.image, this.label, this.isAsking] = [image, label, true];
    try {
      const path = `/v2/models/${encodeURIComponent(model.dataset)}/versions/${model.experiment_id}`;
      const shape = shapeOf(await getJson<Metadata>(path));
      const { bytes } = await pixelsOf(image, shape.channels);
      const plan = planPatches(shape);
      const count = plan.rows * plan.columns + 1;
      const { header, body } = encodeTensor(coverAll(bytes, shape, plan), count, shape);
      const response = await request(`${path}/infer`, {
        method: "POST",
        headers: { "Inference-Header-Content-Length": String(header) },
        body,
      });
      const { outputs } = (await response.json()) as Inferred;
      if (this.image === image) this.map = heatMap(columnOf(outputs[0]?.data ?? [], count, index), plan);
    } catch (thrown) {
      this.problem = problemFrom(thrown);
    } finally {
      this.isAsking = false;
    }
  }

  clear(): void {
    this.map = this.problem = null;
    this.image = "";
  }
}

function shapeOf({ inputs }: Metadata): Shape {
  const [, height = 1, width = 1, channels = 1] = inputs[0]?.shape ?? [];
  return { height, width, channels };
}
