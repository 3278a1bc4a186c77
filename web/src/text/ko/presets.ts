/** What presets are, by their names; the service has the English titles. */
const TITLES: Readonly<Record<string, string>> = {
  "digits-cnn": "scikit-learn의 digits를 위한 작은 합성곱 신경망, CPU로 몇 초",
  "mnist-dnn": "원래 픽셀 값에 완전 연결 층 두 개",
  "mnist-cnn": "원래 픽셀 값에 합성곱 두 개와 풀링",
  "mnist-cnn-regularized": "원래 픽셀 값에 합성곱 네 개, L2와 Dropout으로 규제",
  "mnist-cnn-bn": "합성곱 다섯 개, 풀링 뒤마다 BatchNormalization",
  "mnist-best": "합성곱 네 개, 약한 증강, 글자를 이상치로 학습, one-cycle 학습률",
  "cifar10-conv-small": "필터 열 개짜리 합성곱 하나, Nadam",
  "cifar10-conv-bn": "BatchNormalization과 Dropout이 있는 합성곱 세 개, 정체되면 학습률을 낮춤",
  "cifar10-best": "합성곱 일곱 개, 뒤집기와 자르기와 지우기, 레이블 스무딩, one-cycle 학습률",
  "blobs-mlp": "겹치는 점 무리 네 개에 은닉층 하나, 파라미터 179개",
  "folder-cnn-shallow": "직접 올린 이미지 폴더에 합성곱 두 개, RMSprop",
  "folder-cnn-deep": "직접 올린 이미지 폴더에 합성곱 여섯 개, Adam, 이미지마다 사본 여섯 개",
  "folder-cnn-he": "직접 올린 이미지 폴더에 He 초기화, Dropout 앞에 BatchNormalization, Nadam",
  "folder-transfer": "직접 올린 이미지 폴더에 ImageNet 가중치의 EfficientNetLite0과 새 마지막 층",
};

/** Null for a preset that is not known here. */
export function presetTitle(name: string): string | null {
  return TITLES[name] ?? null;
}
