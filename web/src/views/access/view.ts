import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";

export default {
  name: "access",
  title: () => titles.access,
  icon: "key",
  key: "k",
  needsKey: true,
  load: () => import("./Access.svelte"),
} satisfies View;
