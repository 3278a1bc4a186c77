import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "run",
  title: () => titles.run,
  icon: "run",
  load: () => import("./Run.svelte"),
} satisfies View;
