import { t } from "../../text/machines.ts";
import type { View } from "../registry.ts";

export default {
  name: "machines",
  title: () => t.title,
  icon: "machines",
  order: 7,
  key: "m",
  load: () => import("./Machines.svelte"),
} satisfies View;
