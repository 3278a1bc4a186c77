import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "new",
  title: () => titles.new,
  icon: "new",
  order: 2,
  key: "n",
  load: () => import("./New.svelte"),
} satisfies View;
