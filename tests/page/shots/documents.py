"""Names, notes and specs of the runs on the screenshots, as long and as different as they may be."""

from typing import Any

import numpy as np

JsonObject = dict[str, Any]

# About as long as names may be: with spaces, without, and in Korean.
LONG = "A convolutional network with dropout after each pair of layers, trained with augmentation for long"
UNBREAKABLE = "resnet50v2_imagenet_finetuned_lr1e-4_wd5e-4_bs128_cutmix_mixup_labelsmoothing0.1_ema0.999_seed2026"
KOREAN = "손글씨 숫자를 읽는 합성곱 신경망: 드롭아웃 0.25, 배치 정규화, 학습률 0.001에서 코사인 감쇠, 시드 세 개의 평균"
NOTES = """Baseline of the course. The validation loss rises again after epoch 8, so early stopping would save a third \
of the time; kept whole for the comparison.

Next: more dropout, then augmentation (rotation up to 0.05, no flips: they turn a 2 into something else).
https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/ explains the arguments."""
KOREAN_NOTES = (
    "강의 3주차 과제. 검증 손실이 8번째 에포크 뒤에 다시 올라가므로 과적합으로 보인다. "
    "다음에는 드롭아웃을 더 넣어 본다."
)
MANY_TAGS = (
    *("baseline", "best", "report", "3주차", "과적합", "cpu", "float32", "reviewed", "keep", "thesis-figure-4"),
    "to-be-repeated-with-three-seeds-before-the-end",
)
INTERNAL = """RuntimeError: Exception encountered when calling Conv2D.call().

Negative dimension size caused by subtracting 3 from 2 for '{{node conv2d_7/convolution}}' with input shapes: \
[64,2,2,128], [3,3,128,256]. Arguments received by Conv2D.call(): args=('<KerasTensor shape=(None, 2, 2, 128), \
dtype=float32, sparse=False, name=keras_tensor_41>',) (attempt 3 of 3; no further attempt is made)"""

DENSE: JsonObject = {"layers": [{"type": "Flatten"}, {"type": "Dense"}]}
_TAGS = ("baseline", "sweep", "3주차", "best", "to repeat")


def convolutional(filters: int, dropout: float = 0.25) -> JsonObject:
    """The model of a small convolutional network."""
    convolution = {"type": "Conv2D", "kernel_size": 3, "padding": "same", "activation": "relu"}
    return {
        "layers": [
            {**convolution, "filters": filters},
            {"type": "MaxPooling2D"},
            {**convolution, "filters": 2 * filters},
            {"type": "Dropout", "rate": dropout},
            {"type": "Flatten"},
            {"type": "Dense"},
        ]
    }


def on_digits(name: str, model: JsonObject = DENSE, *, labels: JsonObject | None = None, **training: Any) -> JsonObject:
    """A spec on the digits; `labels` are tags, notes and the run that it is based on."""
    return {"name": name, "dataset": {"name": "digits"}, "model": model, "training": training, **(labels or {})}


def sweep(index: int, random: np.random.Generator) -> tuple[JsonObject, float]:
    """One run of a sweep, and the accuracy that it reaches: best near a learning rate of 0.003."""
    optimizer = str(random.choice(["Adam", "AdamW", "SGD", "RMSprop"]))
    rate, dropout = float(f"{10 ** random.uniform(-4.5, -0.5):.2g}"), float(random.choice([0.0, 0.25, 0.5]))
    filters, batch = int(random.choice([8, 16, 32])), int(random.choice([16, 32, 64, 128]))
    tags = [tag for tag in _TAGS if random.uniform() < 0.2]
    notes = KOREAN_NOTES if index % 31 == 0 else NOTES if index % 47 == 0 else ""
    training = {"optimizer": {"type": optimizer, "learning_rate": rate}, "batch_size": batch}
    document = on_digits(
        f"{optimizer.lower()} lr {rate:g} dropout {dropout:g} #{index}",
        convolutional(filters, dropout),
        labels={"tags": tags, "notes": notes},
        epochs=int(random.choice([3, 5, 10, 20])),
        **training,
    )
    distance = abs(np.log10(rate) + 2.5)
    return document, float(np.clip(0.985 - 0.06 * distance**2 - 0.02 * dropout + random.normal(0, 0.01), 0.1, 0.998))
