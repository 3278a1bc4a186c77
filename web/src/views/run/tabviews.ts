import type { Component } from "svelte";
import type { Experiment } from "../../api/experiment.ts";
import type { RunState } from "./state.svelte.ts";
import type { Tab } from "./tabs.ts";

export interface TabProps {
  run: RunState;
  record: Experiment;
}

/** What each tab shows, loaded when it is opened. */
export const VIEWS: Record<Tab, () => Promise<{ default: Component<TabProps> }>> = {
  overview: () => import("./Overview.svelte"),
  network: () => import("./Network.svelte"),
  confusion: () => import("./Confusion.svelte"),
  mistakes: () => import("./Errors.svelte"),
  calibration: () => import("./Calibration.svelte"),
  files: () => import("./Files.svelte"),
};
