import { requestRuns } from "../../api/early-runs.ts";
import { titles } from "../../text/titles.ts";
import type { View } from "../registry.ts";
import { firstRuns } from "./first.ts";

export default {
  name: "runs",
  title: () => titles.runs,
  icon: "runs",
  order: 1,
  key: "r",
  request: () => requestRuns(firstRuns()),
  load: () => import("./Runs.svelte"),
} satisfies View;
