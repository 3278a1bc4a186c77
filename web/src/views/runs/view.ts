import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "runs",
  title: () => titles.runs,
  icon: "runs",
  order: 1,
  key: "r",
  load: () => import("./Runs.svelte"),
} satisfies View;
