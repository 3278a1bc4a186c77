import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "sweeps",
  title: () => titles.sweeps,
  icon: "sweep",
  order: 3,
  key: "p",
  load: () => import("./Sweeps.svelte"),
} satisfies View;
