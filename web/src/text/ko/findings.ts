import type { Schema } from "../../api/client.ts";
import { percent as percentage, significant } from "../number.ts";
import { attach } from "../particle.ts";

type Finding = Pick<Schema<"Finding">, "rule" | "evidence" | "suggestion">;
// biome-ignore lint/suspicious/noExplicitAny: what it holds depends on the rule
type Evidence = Record<string, any>;
type Patch = Record<string, Evidence | undefined>;

const number = (value: number) => significant(value, "ko");
const percent = (share: number) => percentage(share, "ko", share >= 0.1 && share <= 0.9 ? 0 : 1);
const epoch = (index: number) => `${index + 1}번째 에포크`;
const fall = ([from, to]: [number, number]) => `${number(from)}에서 ${attach(number(to), "으로/로")}`;
const SPLITS: Record<string, string> = { training: "학습", validation: "검증", test: "테스트" };

/** Of each rule of the diagnosis, what the English sentence of the service says, from its evidence. */
const RULES: Record<string, (evidence: Evidence) => string> = {
  diverged: (e) =>
    `학습이 발산했습니다. ${epoch(e.epoch)}에서 손실이 더 이상 유한하지 않았습니다. 학습률 ${number(e.learning_rate)}의 스텝이 너무 컸습니다.`,
  "inference-gap": (e) =>
    `신경망이 학습할 때보다 추론할 때 더 나쁩니다. 정확도가 학습 중에는 ${percent(e.accuracy_in_training)}, ${SPLITS[e.split]} 분할에서 평가하면 ${percent(e.evaluated_accuracy)}입니다. ${
      e.initial_values > 0.05
        ? `이동 평균에 초깃값이 아직 ${percent(e.initial_values)} 남아 있기 때문일 가능성이 큽니다(${e.steps.toLocaleString("ko")}스텝 뒤).`
        : "마지막 스텝에서 가중치나 이동 평균이 너무 많이 바뀌었기 때문일 가능성이 큽니다."
    }`,
  "learning-rate-too-low": (e) =>
    `학습률 ${attach(number(e.learning_rate), "은/는")} 너무 낮습니다. 학습 손실이 ${fall(e.loss)} 조금밖에 내려가지 않았습니다.`,
  "learning-rate-too-high": (e) =>
    `학습률 ${attach(number(e.learning_rate), "은/는")} 너무 높습니다. ${epoch(e.since_epoch)}부터 손실이 오르거나 출렁이거나 나쁜 채로 머뭅니다(학습 손실 ${fall(e.loss)}).`,
  "not-learning": (e) =>
    `${e.learned ? `배운 것을 잃었습니다. 검증 정확도가 ${epoch(e.learned.epoch)}에는 ${percent(e.learned.val_accuracy)}였는데 끝에는 무작위로 답하는 수준입니다.` : "신경망이 배우지 못합니다."} 학습 손실이 ${number(e.loss.at(-1))}에 머뭅니다${e.guessing_loss === null ? "" : `(무작위로 답하면 ${number(e.guessing_loss)})`}.`,
  overfitting: (e) =>
    `과적합입니다. ${epoch(e.epoch)}쯤부터 학습 데이터에만 맞춰집니다. 학습 손실은 ${fall(e.loss)} 계속 내려가는데 검증 손실은 ${fall(e.val_loss)} 오릅니다.`,
  "better-epoch": (e) =>
    `${epoch(e.epoch)}가 마지막 에포크보다 나았습니다. 검증 손실이 그때는 ${number(e.val_loss[0])}, 끝에는 ${number(e.val_loss[1])}입니다. 마지막 에포크의 가중치가 남았습니다.`,
  "not-converged": (e) =>
    `신경망이 아직 나아지고 있을 때 학습이 끝났습니다. ${epoch(e.since_epoch)}부터 검증 손실이 ${fall(e.val_loss)} 내려갔습니다.`,
  underfitting: (e) =>
    `과소적합입니다. 신경망이 너무 단순하거나 규제가 너무 강합니다. 학습에서도 정확도가 ${percent(e.highest_accuracy)}를 넘지 못하고 학습 손실은 ${number(e.loss[1])}에 머뭅니다. 무작위로 답하면 ${percent(e.chance)}입니다.`,
  "generalization-gap": (e) =>
    `새 샘플에 잘 통하지 않습니다. 정확도가 학습 분할에서 ${percent(e.training_accuracy)}, 테스트 분할에서 ${percent(e.test_accuracy)}입니다. 처음 보는 샘플에서 ${number(100 * (e.training_accuracy - e.test_accuracy))}점 낮습니다.`,
  "too-many-epochs": (e) =>
    `${epoch(e.epoch)}쯤부터 더 나아지지 않았습니다. 검증 손실이 그때는 ${number(e.val_loss[0])}, 끝에는 ${number(e.val_loss[1])}입니다.`,
  "class-imbalance": (e) => {
    const [[frequent, most], [rare, least]] = Object.entries<number>(e.samples) as [
      [string, number],
      [string, number],
    ];
    const recall = e.recall === null ? "" : ` ${rare}의 재현율은 ${percent(e.recall)}입니다.`;
    return `클래스가 고르지 않습니다. 샘플이 ${frequent} ${most.toLocaleString("ko")}개, ${rare} ${least.toLocaleString("ko")}개여서 ${attach(frequent, "이라고/라고")} 답하는 쪽이 유리합니다.${recall}`;
  },
  "weak-classes": (e) => {
    const classes = (e.classes as Evidence[]).map(
      (each) =>
        `${each.label} ${each.samples.toLocaleString("ko")}개 중 ${each.recognized.toLocaleString("ko")}개, 주로 ${attach(each.mistaken_for, "으로/로")} 오인`,
    );
    const more = e.weak_count - classes.length;
    return `${SPLITS[e.split]} 분할의 정확도는 ${percent(e.accuracy)}이지만 클래스 ${e.class_count}개 가운데 ${e.weak_count}개는 거의 알아보지 못합니다(${classes.join("; ")}${more > 0 ? `; 그 밖에 ${more}개` : ""}).`;
  },
  "confused-pairs": (e) => {
    const pairs = (e.pairs as Evidence[]).map(
      (pair) => `${pair.labels.join("–")} ${pair.misclassified}개, ${percent(pair.share)}`,
    );
    return `${SPLITS[e.split]} 분할의 오류 ${e.misclassified.toLocaleString("ko")}개 가운데 많은 수가 두 클래스를 서로 혼동한 것입니다(${pairs.join("; ")}).`;
  },
  "slow-start": (e) =>
    `처음에는 무작위로 답하다가 ${epoch(e.epoch)}부터 배웠습니다. 검증 정확도가 그때 ${percent(e.val_accuracy.at(-1))}였습니다.`,
  "poor-accuracy": (e) =>
    `신경망이 자주 틀리는데 다른 규칙으로는 이유를 알 수 없습니다. ${SPLITS[e.split]} 분할의 정확도가 ${percent(e.accuracy)}입니다. 무작위로 답하면 ${percent(e.chance)}입니다.`,
  "better-preset": (e) =>
    `${e.dataset}에서는 더 나아질 수 있습니다. ${SPLITS[e.split]} 분할의 정확도가 ${percent(e.accuracy)}인데, 프리셋 ${e.preset}의 테스트 분할 정확도는 ${percent(e.measured)}입니다(${e.seeds === 1 ? "1회 실행" : `${e.seeds}회 실행의 평균`}).`,
  "more-variety": (e) =>
    `오류는 대부분 처음 보는 샘플에서 납니다. 정확도가 학습 분할에서 ${percent(e.training_accuracy)}, ${SPLITS[e.split]} 분할에서 ${percent(e.accuracy)}입니다.`,
  "more-capacity": (e) =>
    `학습한 샘플에서도 틀립니다. 정확도가 학습 분할에서 ${percent(e.training_accuracy)}, ${SPLITS[e.split]} 분할에서 ${percent(e.accuracy)}입니다. 신경망이 더 크면 더 배울 수 있습니다.`,
  "too-early": (e) => `아직 판단하기 이릅니다. 에포크가 ${e.epochs}개 끝났습니다.`,
  "too-few-samples": (e) =>
    `검증 분할이 작아 판단할 수 없습니다. 샘플 ${e.samples}개 가운데 ${e.right}개를 맞혔는데, 무작위로 답해도 그럴 확률이 ${percent(e.probability)}입니다. 이미지를 더하거나 검증 분할을 키우세요.`,
  healthy: (e) =>
    `지금까지의 에포크 ${e.epochs}개에 문제가 없습니다. 검증 정확도는 ${percent(e.val_accuracy)}입니다.`,
};

/** What a finding says; null for a rule that is not known here. */
export function sentence({ rule, evidence }: Finding): string | null {
  return RULES[rule]?.(evidence) ?? null;
}

/** What the patch of a suggestion does; null if it is of a kind that is not known here. */
export function advice({ rule, evidence, suggestion }: Finding): string | null {
  const { dataset, training, augmentation, preprocessing, model } = (suggestion?.patch ?? {}) as Patch;
  if (rule === "better-preset")
    return `프리셋 ${evidence.preset}의 신경망, 전처리, 증강, 학습 설정을 모두 쓰세요. 분할은 그대로 둡니다.`;
  if (dataset?.limit_per_class === null) return "데이터셋의 모든 샘플로 학습하세요.";
  const stop = training?.early_stopping ? " 조기 종료도 쓰세요." : "";
  if (preprocessing) return "픽셀을 0~1로 맞추세요. 원래 픽셀은 스텝을 255배로 키웁니다.";
  if (augmentation) return `학습 이미지를 증강하세요.${stop}`;
  if (model) return `${LAYERS[rule] ?? "층을 바꾸세요."}${stop}`;
  if (training?.optimizer?.use_ema === false) return "평균 대신 가중치 자체를 게시하세요.";
  if (training?.optimizer) return rate(rule, training.optimizer.learning_rate);
  if (rule === "weak-classes" && typeof training?.class_weight === "object")
    return "이 클래스들의 레이블을 확인하고, 맞다면 손실에서 무게를 세 배로 주세요.";
  if (training?.class_weight) return "손실에서 모든 클래스에 같은 무게를 주세요.";
  if (training?.epochs) return `${training.epochs.toLocaleString("ko")}에포크 동안 학습하세요.`;
  if (training?.max_minutes) return `${number(training.max_minutes)}분까지 학습하세요.`;
  if (training?.early_stopping) return "조기 종료를 쓰고 가장 좋은 에포크의 가중치를 되살리세요.";
  return training?.keep ? "마지막 에포크 대신 가장 좋은 에포크를 게시하세요." : null;
}

const LAYERS: Record<string, string> = {
  "more-capacity": "필터와 유닛을 두 배로 늘리세요.",
  "more-variety": "마지막 Dense 층 앞에 Dropout을 넣으세요.",
  underfitting: "필터와 유닛을 두 배로 늘리세요.",
  "inference-gap": "BatchNormalization의 모멘텀을 0.9로 낮추세요.",
  overfitting: "마지막 Dense 층 앞에 Dropout을 넣으세요.",
  "generalization-gap": "마지막 Dense 층 앞에 Dropout을 넣으세요.",
};

function rate(rule: string, value: unknown): string {
  if (typeof value === "number") return `학습률을 ${attach(number(value), "으로/로")} 바꾸세요.`;
  return rule === "learning-rate-too-low" ? "학습률 일정 전체를 높이세요." : "학습률 일정 전체를 낮추세요.";
}
