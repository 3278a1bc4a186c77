import { count } from "../catalogue.svelte.ts";

export default {
  title: "Lineage",
  runs: (n: number) => count(n, { one: "1 run", other: `${n} runs` }),
  splitLabel: "Accuracy on the split",
  split: { test: "test", validation: "validation" },
  noRun: "Choose a run",
  noRunText: "A lineage is shown of one run: open it from the run.",
  toRuns: "To the runs",
  path: "From the first to this run",
  tree: "Everything that was tried",
  toRun: "Show the run",
  here: (name: string) => `Lineage of ${name}`,
  compare: "Compare with the run it is based on",
  alone: "This run is based on nothing, and nothing is based on it.",
  based: "Set based_on in a spec, or start a new run from this one, and the step appears here.",
  newRun: "New run from this",
  keyBelow: "the best run based on this one",
  keyAbove: "the run that this one is based on",
};
