import type { Same } from "../catalogue.svelte.ts";
import type en from "../en/ended.ts";
import { attach } from "../particle.ts";

const ko: Same<typeof en> = {
  reproduce: "재현",
  reproduceHint: "같은 스펙과 시드로 다시 학습해 가중치를 비교합니다",
  reproducing: "대기열에서 기다립니다. 끝나면 두 결과를 여기서 비교합니다.",
  reproduction: "재현 결과",
  original: "원래 실험 보기",
  notYet: "완료되면 비교합니다.",
  outcome: { identical: "비트 단위로 동일", within_noise: "오차 범위에서 같음", different: "다름" },
  deleteState: "학습 상태 삭제",
  deleteStateTitle: "학습 상태를 삭제할까요?",
  deleteStateText: "디스크 공간을 확보합니다. 모델과 결과, 기록은 남지만 더 이어서 학습할 수 없습니다.",
  stateDeleted: "학습 상태를 삭제했습니다",
  deleteRun: "실험 삭제",
  deleteRunTitle: (name) => `${attach(name, "을/를")} 삭제할까요?`,
  deleteRunText: "모델과 결과, 파일을 서비스에서 지웁니다. 되돌릴 수 없습니다.",
  deleteForce: "그래도 삭제",
  runDeleted: (name) => `${attach(name, "을/를")} 삭제했습니다`,
  evaluate: "평가",
  evaluateOn: "다른 데이터셋에서 평가",
  evaluateTitle: "다른 데이터셋에서 평가",
  evaluateText: "신경망이 모든 클래스를 아는 데이터셋만 나옵니다. 데이터셋마다 마지막 평가만 남습니다.",
  nothingEvaluable: "이 신경망이 아는 클래스로만 된 다른 데이터셋이 없습니다.",
  toData: "데이터셋 목록으로",
  dataset: "데이터셋",
  samples: "샘플",
  part: { all: "전체", train: "공식 테스트 분할을 뺀 나머지", test: "공식 테스트 분할" },
  priority: "우선순위",
  priorityHint: "-100에서 100까지. 같은 소유자의 대기 중인 실험 가운데 높은 것부터 시작합니다",
};
export default ko;
