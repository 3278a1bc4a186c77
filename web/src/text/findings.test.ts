import assert from "node:assert/strict";
import { test } from "node:test";
import { advice, sentence } from "./ko/findings.ts";

const patch = (change: object) => ({ sentence: "", patch: { based_on: "a", ...change } });
// As the service gives it.
const EVIDENCE = {
  diverged: { epoch: 2, learning_rate: 10 },
  "inference-gap": {
    split: "training",
    accuracy_in_training: 0.91,
    evaluated_accuracy: 0.1234,
    steps: 1200,
    initial_values: 0.3,
  },
  "learning-rate-too-low": { learning_rate: 1e-5, loss: [2.3, 2.2], fallen: 0.04 },
  "learning-rate-too-high": { since_epoch: 0, learning_rate: 0.1, loss: [0.5, 2.31], roughness: 0.4 },
  "not-learning": { loss: [2.3, 2.31], guessing_loss: 2.32, chance: 0.1 },
  overfitting: { epoch: 6, lowest_epoch: 5, val_loss: [0.41, 0.62], loss: [0.3, 0.1] },
  "better-epoch": { epoch: 3, val_loss: [0.4, 0.6] },
  "not-converged": { since_epoch: 5, val_loss: [0.6, 0.5] },
  underfitting: { highest_accuracy: 0.42, loss: [1.7, 1.69], chance: 0.1 },
  "generalization-gap": { training_accuracy: 0.99, test_accuracy: 0.87 },
  "too-many-epochs": { epoch: 11, val_loss: [0.2, 0.199] },
  "class-imbalance": { samples: { cat: 4000, dog: 1000 }, recall: 0.61 },
  "confused-pairs": {
    split: "test",
    misclassified: 1234,
    pairs: [{ labels: ["4", "9"], misclassified: 321, share: 0.26 }],
  },
  "weak-classes": {
    split: "test",
    accuracy: 0.875,
    class_count: 40,
    weak_count: 6,
    classes: [{ label: "oak", recognized: 0, samples: 25, mistaken_for: "ash" }],
  },
  "slow-start": { epoch: 4, val_accuracy: [0.1, 0.1, 0.35], chance: 0.1 },
  "poor-accuracy": { split: "validation", accuracy: 0.33, chance: 0.1 },
  "better-preset": {
    dataset: "mnist",
    split: "test",
    accuracy: 0.9612,
    preset: "mnist-best",
    measured: 0.9969,
    seeds: 3,
  },
  "more-variety": { training_accuracy: 0.99, split: "test", accuracy: 0.95 },
  "more-capacity": { training_accuracy: 0.91, split: "validation", accuracy: 0.9 },
  "too-early": { epochs: 2 },
  "too-few-samples": { right: 3, samples: 3, probability: 0.125 },
  healthy: { epochs: 20, val_accuracy: 0.9812 },
};

test("each finding is told in Korean with its figures", () => {
  for (const [rule, evidence] of Object.entries(EVIDENCE)) {
    const said = sentence({ rule, evidence }) ?? "";
    assert.match(said, /[가-힣].*\.$/, rule);
    assert.doesNotMatch(said, /undefined|NaN|null|–\./, rule);
  }
  assert.match(
    sentence({ rule: "diverged", evidence: EVIDENCE.diverged }) ?? "",
    /3번째 에포크.*학습률 10의/,
  );
  assert.match(
    sentence({ rule: "class-imbalance", evidence: EVIDENCE["class-imbalance"] }) ?? "",
    /4,000개.*1,000개/,
  );
  assert.match(
    sentence({ rule: "overfitting", evidence: EVIDENCE.overfitting }) ?? "",
    /0\.3에서 0\.1로 계속/,
  );
});

test("what is not known of a finding is left out", () => {
  const evidence = { ...EVIDENCE["not-learning"], guessing_loss: null };
  assert.doesNotMatch(sentence({ rule: "not-learning", evidence }) ?? "", /무작위/);
  const learned = { ...EVIDENCE["not-learning"], learned: { epoch: 4, val_accuracy: 0.95 } };
  assert.match(sentence({ rule: "not-learning", evidence: learned }) ?? "", /5번째 에포크에는 95/);
  const samples = { ...EVIDENCE["class-imbalance"], recall: null };
  assert.doesNotMatch(sentence({ rule: "class-imbalance", evidence: samples }) ?? "", /재현율/);
});

test("a rule that is not translated is left to the service's sentence", () => {
  assert.equal(sentence({ rule: "new-rule", evidence: {} }), null);
  assert.equal(advice({ rule: "new-rule", evidence: {}, suggestion: patch({ dataset: {} }) }), null);
  assert.equal(advice({ rule: "healthy", evidence: {} }), null);
});

test("each kind of change is told in Korean", () => {
  const told: [string, object, RegExp][] = [
    ["diverged", { preprocessing: { scale: "unit" } }, /픽셀/],
    ["diverged", { training: { optimizer: { type: "SGD", learning_rate: 0.01 } } }, /학습률을 0\.01로/],
    ["diverged", { training: { optimizer: { learning_rate: { type: "CosineDecay" } } } }, /낮추세요/],
    [
      "learning-rate-too-low",
      { training: { optimizer: { learning_rate: { type: "CosineDecay" } } } },
      /높이세요/,
    ],
    ["overfitting", { augmentation: {}, training: { early_stopping: {} } }, /증강.*조기 종료/],
    ["overfitting", { model: {} }, /Dropout.*넣으세요\.$/],
    ["overfitting", { training: { keep: "best", early_stopping: {} } }, /조기 종료/],
    ["inference-gap", { model: {} }, /모멘텀/],
    ["inference-gap", { training: { optimizer: { use_ema: false } } }, /가중치 자체/],
    ["underfitting", { model: {} }, /두 배/],
    ["more-capacity", { model: {} }, /두 배/],
    ["more-variety", { model: {} }, /Dropout/],
    ["more-variety", { augmentation: {} }, /증강/],
    ["more-variety", { dataset: { limit_per_class: null } }, /모든 샘플/],
    ["class-imbalance", { training: { class_weight: "balanced" } }, /같은 무게/],
    ["weak-classes", { training: { class_weight: "balanced" } }, /같은 무게/],
    ["weak-classes", { training: { class_weight: { oak: 3 } } }, /레이블을 확인.*세 배/],
    ["better-epoch", { training: { keep: "best" } }, /가장 좋은 에포크/],
    ["not-converged", { training: { epochs: 40 } }, /40에포크/],
    ["not-converged", { training: { max_minutes: 20 } }, /20분/],
  ];
  for (const [rule, change, expected] of told) {
    assert.match(advice({ rule, evidence: {}, suggestion: patch(change) }) ?? "", expected);
  }
});

test("all of a preset is told in Korean by its name", () => {
  const suggestion = patch({ model: { preset: "mnist-best" }, preprocessing: { scale: "unit" } });
  const evidence = EVIDENCE["better-preset"];
  assert.match(advice({ rule: "better-preset", evidence, suggestion }) ?? "", /^프리셋 mnist-best의 신경망/);
  assert.match(sentence({ rule: "better-preset", evidence }) ?? "", /96\.1%.*99\.7%.*3회/);
});
