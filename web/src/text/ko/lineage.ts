import type { Same } from "../catalogue.svelte.ts";
import type en from "../en/lineage.ts";

const ko: Same<typeof en> = {
  title: "계보",
  runs: (n) => `실험 ${n}개`,
  splitLabel: "정확도를 잰 분할",
  split: { test: "테스트", validation: "검증" },
  noRun: "실험을 고르세요",
  noRunText: "계보는 실험 하나에 대해 보여 줍니다. 실험 화면에서 여세요.",
  toRuns: "실험 목록으로",
  path: "처음부터 이 실험까지",
  tree: "시도한 모든 것",
  toRun: "실험 보기",
  here: (name) => `${name}의 계보`,
  compare: "기반이 된 실험과 비교",
  alone: "이 실험은 다른 실험에 기반하지 않으며, 이 실험에 기반한 실험도 없습니다.",
  based: "스펙에 based_on을 쓰거나 이 실험에서 새 실험을 시작하면 여기에 단계가 나타납니다.",
  newRun: "이 실험에서 새로 시작",
  keyBelow: "이 실험에 기반한 가장 좋은 실험",
  keyAbove: "이 실험이 기반한 실험",
};
export default ko;
