import type { Same } from "../catalogue.svelte.ts";
import type en from "../en/privacy.ts";
import { attach } from "../particle.ts";

const ko: Same<typeof en> = {
  private: "비공개",
  public: "공개",
  titlePrivate: "비공개",
  titlePublic: "공개",
  seenByYou:
    "본인과 교사, 관리자만 볼 수 있습니다. 다른 사람에게는 목록에도 나오지 않고 링크로도 열리지 않습니다.",
  seenBy: (owner) =>
    `${attach(owner, "과/와")} 담당 교사, 관리자만 볼 수 있습니다. 다른 사람에게는 목록에도 나오지 않고 링크로도 열리지 않습니다.`,
  seenWithoutKeys: "이 서비스는 키를 요구하지 않으므로 접속하는 사람은 누구나 볼 수 있습니다.",
  seenByAll: "이 서비스의 키가 있는 사람은 누구나 보고 쓸 수 있습니다.",
  whenPrivate: {
    run: "비공개 모델은 그 실험을 지정한 요청에만 답합니다.",
    sweep: "이 스윕의 시도도, 앞으로 시작할 시도도 함께 비공개가 됩니다.",
    dataset: "정정한 이미지와 이 데이터셋을 쓰는 모든 실험, 스윕도 함께 비공개가 됩니다.",
  },
  whenPublic: {
    run: "",
    sweep: "이 스윕의 시도도 함께 공개됩니다.",
    dataset:
      "정정한 이미지도 함께 공개됩니다. 이 데이터셋을 쓰는 실험과 스윕은 하나씩 바꿀 때까지 비공개로 남습니다.",
  },
  asSweep: (name) => `시도의 공개 여부는 그 스윕(${name})을 따릅니다.`,
  asDataset: (name) => `${attach(name, "이/가")} 비공개이므로 그것으로 학습한 것도 모두 비공개입니다.`,
  asSource: (name) => `이 데이터셋의 공개 여부는 정정의 원본인 ${attach(name, "을/를")} 따릅니다.`,
  toSweep: "스윕으로",
  toDataset: "데이터셋으로",
  makePrivate: "비공개로 전환",
  makePublic: "공개로 전환",
  isPrivateNow: "이제 비공개입니다.",
  isPublicNow: "이제 공개되었습니다.",
  new: "비공개",
  newHint: "본인과 교사, 관리자만 볼 수 있습니다.",
  newAs: (name) => `${name}처럼 비공개`,
  default: "새로 만드는 것",
  defaultOf: { service: "서비스 설정대로", private: "비공개", public: "공개" },
};
export default ko;
