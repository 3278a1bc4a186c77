import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "compare",
  title: () => titles.compare,
  icon: "compare",
  load: () => import("./Compare.svelte"),
} satisfies View;
