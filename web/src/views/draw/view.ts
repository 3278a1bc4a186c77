import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "draw",
  title: () => titles.draw,
  icon: "draw",
  order: 5,
  key: "w",
  load: () => import("./Draw.svelte"),
} satisfies View;
