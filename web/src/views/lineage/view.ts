import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "lineage",
  title: () => titles.lineage,
  icon: "lineage",
  load: () => import("./Lineage.svelte"),
} satisfies View;
