import type { Same } from "../catalogue.svelte.ts";
import type en from "../en/shell.ts";
import { attach } from "../particle.ts";

const ko: Same<typeof en> = {
  language: "언어",
  theme: "화면 모드",
  themeSystem: "시스템 설정",
  themeLight: "라이트",
  themeDark: "다크",
  navigation: "보기",
  skip: "본문으로 건너뛰기",
  keys: "키보드",
  keysTitle: "키보드 단축키",
  keyHelp: "이 목록",
  keyGo: (view) => `${attach(view, "으로/로")} 이동`,
  keyClose: "열린 창 닫기",
  apiDocs: "API",
  away: "서비스에 연결할 수 없습니다. 마지막으로 받은 내용을 표시하며 다시 연결하는 중입니다.",
  retryNow: "지금 다시 시도",
  notFound: "없는 화면입니다",
  notFoundHint: "이 링크의 화면은 현재 버전에 없습니다.",
  toRuns: "실험 목록으로",
  loadFailed: "화면을 불러오지 못했습니다",
  copy: "복사",
  copied: "복사했습니다",
  close: "닫기",
  cancel: "취소",
  retry: "다시 시도",
  received: (value) => `받은 값: ${value}`,
  unreachable: "서비스에 연결할 수 없습니다",
  unreachableHint: "실행 중인가요? `make up`으로 시작합니다.",
  foreignHint: (api, origin) =>
    `${api}이(가) 실행 중이고, 그 TRAINYARD_CORS_ORIGINS에 ${origin}이(가) 있나요?`,
};
export default ko;
