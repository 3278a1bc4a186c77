export const TABS = ["overview", "network", "confusion", "mistakes", "calibration", "files"] as const;
export type Tab = (typeof TABS)[number];

export function readTab(text: string | undefined): Tab {
  return TABS.find((each) => each === text) ?? "overview";
}

/** The tab `step` further; from the last one to the first. */
export function besides(tab: Tab, step: number): Tab {
  return TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] ?? "overview";
}
