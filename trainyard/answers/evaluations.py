"""Evaluations of a trained network, and its misclassified samples."""

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from trainyard.answers.base import Answer
from trainyard.frames import data_frame

if TYPE_CHECKING:
    from pandas import DataFrame


class Label(Answer):
    """A class, by name and by index."""

    label: str
    index: int


class ClassProbability(Label):
    """A class that a network predicts, with its probability."""

    probability: float


class MeanMetrics(Answer):
    """Averages over the classes that have samples."""

    precision: float
    recall: float
    f1: float


class ClassMetrics(Answer):
    """Of one class, with `support` samples. A metric without a denominator is None."""

    precision: float | None
    recall: float | None
    f1: float | None
    label: str
    support: int


class ConfusionMatrix(Answer):
    """`matrix[i][j]` counts samples of class `labels[i]` classified as `labels[j]`."""

    labels: list[str]
    matrix: list[list[int]]

    def to_frame(self) -> "DataFrame":
        """True classes as rows, predicted classes as columns. Needs pandas."""
        frame = data_frame(self.matrix, index=self.labels, columns=self.labels)
        frame.index.name, frame.columns.name = "true", "predicted"
        return frame


class CalibrationBin(Answer):
    """Predictions with a confidence between two bounds."""

    lower: float = Field(alias="from")
    upper: float = Field(alias="to")
    samples: int
    confidence: float
    accuracy: float


class Calibration(Answer):
    """Expected calibration error before and after dividing logits by `temperature`."""

    temperature: float
    error: float
    tempered_error: float
    bins: list[CalibrationBin]
    tempered_bins: list[CalibrationBin]


class _Metrics(Answer):
    """Metrics on some samples."""

    samples: int
    loss: float
    accuracy: float
    balanced_accuracy: float
    top_3_accuracy: float
    macro: MeanMetrics
    weighted: MeanMetrics
    per_class: list[ClassMetrics]
    confusion_matrix: ConfusionMatrix
    split: str
    calibration: Calibration

    def to_frame(self) -> "DataFrame":
        """Precision, recall, F1 and support of each class. Needs pandas."""
        return data_frame([row.to_dict() for row in self.per_class]).set_index("label")


class Evaluation(_Metrics):
    """Metrics on one split of the experiment's dataset."""

    training_precision: str


class CrossDatasetEvaluation(_Metrics):
    """Metrics on another dataset than the experiment's own, with images prepared as for a prediction (`prep` auto), or
    only resized (none)."""

    dataset: str
    prep: str = "none"


class SamplesDone(Answer):
    """Progress of an evaluation."""

    total: int
    done: int


class EvaluationRecord(Answer):
    """The state of an evaluation on another dataset. `test_hidden`: it has samples of a test split whose results are
    withheld."""

    id: str
    experiment_id: str
    dataset: str
    dataset_id: str | None
    split: str
    prep: str = "none"
    status: str
    created_at: datetime
    schema_version: int
    attempts: int
    interruptions: int
    worker: str | None = None
    ended_at: datetime | None = None
    progress: SamplesDone | None = None
    error: str | None = None
    metrics: dict[str, float | None]
    test_hidden: bool = False

    @property
    def has_ended(self) -> bool:
        return self.status in ("succeeded", "failed")


class EvaluationView(EvaluationRecord):
    """With its `evaluation` once it has succeeded."""

    evaluation: CrossDatasetEvaluation | None = None


class Mistake(Answer):
    """A misclassified sample: `index` counts within its split, `sample` within the dataset; `file` is what the upload
    calls it. `suspect`: its label is possibly wrong. `image` is the path of its image. `corrected` is another label
    that it was given since; `confirmed`: somebody has looked and left its label as it is."""

    index: int
    sample: int
    file: str | None = None
    true: Label
    top: list[ClassProbability]
    margin: float
    suspect: bool
    image: str | None
    corrected: str | None = None
    confirmed: bool = False
