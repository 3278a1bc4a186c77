import { catalogue } from "./catalogue.svelte.ts";

/** The titles of all views, which the navigation shows before it loads any of their texts. */
export const titles = catalogue(
  {
    runs: "Runs",
    run: "Run",
    new: "New run",
    sweeps: "Sweeps",
    data: "Data",
    draw: "Draw",
    class: "Class",
    compare: "Compare",
    lineage: "Lineage",
    access: "Access",
  },
  {
    runs: "실험",
    run: "실험",
    new: "새 실험",
    sweeps: "스윕",
    data: "데이터",
    draw: "그리기",
    class: "수업",
    compare: "비교",
    lineage: "계보",
    access: "접근 권한",
  },
);
