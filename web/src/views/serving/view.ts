import { t } from "../../text/serving.ts";
import type { View } from "../registry.ts";

export default {
  name: "serving",
  title: () => t.title,
  icon: "serving",
  order: 6,
  key: "s",
  load: () => import("./Serving.svelte"),
} satisfies View;
