import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "data",
  title: () => titles.data,
  icon: "data",
  order: 4,
  key: "d",
  load: () => import("./Data.svelte"),
} satisfies View;
