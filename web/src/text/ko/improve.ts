import type { Same } from "../catalogue.svelte.ts";
import type en from "../en/improve.ts";
import { attach } from "../particle.ts";

const split = { validation: "검증", test: "테스트" };
const ko: Same<typeof en> = {
  improve: "미세 조정하고 비교",
  improveHint:
    "서빙하는 모델을 정정한 이미지로 미세 조정하고, 같은 테스트 샘플에서 비교해 더 나쁘지 않으면 새 모델을 서빙합니다",
  improveHintApproval:
    "서빙하는 모델을 정정한 이미지로 미세 조정하고, 같은 테스트 샘플에서 비교해 더 나쁘지 않으면 서빙할 모델을 고를 수 있는 사람의 승인을 기다립니다",
  noTraining: "정정한 이미지에 학습 샘플이 없어서 미세 조정할 수 없습니다.",
  improving: "대기열에서 기다립니다. 학습이 끝나면 서빙하는 모델과 여기서 비교합니다.",
  title: "개선",
  baseline: "서빙하던 모델 보기",
  state: {
    pending: "완료되면 서빙하는 모델과 비교합니다.",
    waiting: "승인을 기다리는 중",
    promoted: "서빙으로 승격",
    rejected: "기각",
    declined: "거절",
  },
  ended: {
    failed: "실패해서 서빙하는 모델과 비교하지 않습니다.",
    cancelled: "취소되어 서빙하는 모델과 비교하지 않습니다.",
  },
  pinOf: (owner, dataset) =>
    `${attach(dataset, "을/를")} 서빙하는 모델은 고정한 ${attach(owner, "과/와")} 관리자만 바꿀 수 있습니다.`,
  by: (owner, time) => (owner ? `${owner}, ${time}` : time),
  accuracy: "정확도",
  fromTo: (before, after) => `${before} → ${after}`,
  difference: "차이",
  points: (value, low, high) => `${value} (${low} ~ ${high})`,
  differenceHint: "95 % 구간과 함께",
  flips: "고쳐짐, 나빠짐",
  chance: "p",
  chanceHint: "McNemar: 이런 차이가 우연히 생길 확률",
  onSamples: (name, n) => `같은 ${split[name]} 샘플 ${n}개에서`,
  promote: "승격",
  promoteHint: "이 모델을 고정해 서빙합니다",
  promoteAnyway: "그래도 승격",
  decline: "거절",
};
export default ko;
