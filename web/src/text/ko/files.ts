import type { Same } from "../catalogue.svelte.ts";
import type en from "../en/files.ts";

const ko: Same<typeof en> = {
  files: "파일",
  fileOf: {
    bundle: "모델 번들: Keras와 ONNX 파일, 레이블, predict.py, 모델 카드",
    report: "그림이 있는 한 페이지 보고서",
    reportText: "텍스트 보고서",
    confusion: "혼동 행렬 그림",
    sheet: "오분류 이미지 모음",
    history: "에포크별 지표",
    curves: "곡선 그림",
    tensorboard: "TensorBoard용 로그 디렉터리",
    record: "스펙, 시간, 결과가 든 기록",
    epochs: "에포크별 지표, 한 줄에 JSON 하나",
    log: "학습 프로세스의 로그",
    keras: "Keras용 신경망",
    onnx: "ONNX Runtime용 신경망, 서빙되는 그대로",
    serving: "레이블, 이미지 크기, 온도",
    evaluation: "모든 분할의 지표",
    predictions: "모든 샘플의 확률",
    samples: "신경망이 받은 그대로의 샘플 일부",
    provenance: "버전, 장치, 데이터와 가중치의 해시",
    manifest: "게시된 파일의 크기와 SHA-256",
    other: "",
  },
  onRequest: "요청할 때 생성",
  log: "로그",
  refreshLog: "새로 고침",
  logLines: (n) => `마지막 ${n}줄`,
  noLog: "첫 시도가 시작되면 로그가 생깁니다.",
  noFiles: "실험이 완료되면 모델과 보고서가 나타납니다.",
  lines: "터미널에서",
  lineCurl: "curl",
  lineCli: "명령줄",
  linePredict: "이 신경망으로 이미지 분류",
  lineWatch: "실시간으로 보기",
};

export default ko;
