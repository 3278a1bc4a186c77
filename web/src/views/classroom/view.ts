import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "class",
  title: () => titles.class,
  icon: "flag",
  order: 8,
  needsKey: true,
  load: () => import("./Classroom.svelte"),
} satisfies View;
