"""The metrics of a published network on one split, as `evaluation.json` holds them.

Metrics are shares of 1 unless stated otherwise. Classes are in the order of the network's outputs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from models_store.artifacts import EVALUATION_FILE, read_verified
from models_store.errors import Damaged
from models_store.files import write_synced
from models_store.frozen import Frozen
from models_store.versions import any_name
from specs.evaluation import Prep
from specs.splits import EvaluatedSplit, SplitName


class MeanMetrics(Frozen):
    """Precision, recall and F1, averaged over the classes that have samples; one without a denominator counts as 0."""

    precision: float
    recall: float
    f1: float


class ClassMetrics(Frozen):
    """Of one class. `support` counts its samples in the split. A metric without a denominator is null: the recall of a
    class without samples, the precision of one that is never predicted, the F1 of one that is neither."""

    precision: float | None
    recall: float | None
    f1: float | None
    label: str
    support: int


class ConfusionMatrix(Frozen):
    """`matrix[i][j]` counts the samples of class `labels[i]` that were classified as `labels[j]`."""

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]


class CalibrationBin(Frozen):
    """The predictions with a confidence above `lower` and up to `upper`: how many, their mean confidence, accuracy."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    lower: Annotated[float, Field(alias="from")]
    upper: Annotated[float, Field(alias="to")]
    samples: int
    confidence: float
    accuracy: float


class Calibration(Frozen):
    """The expected calibration error (Guo et al. 2017) and the bins of a reliability diagram, as the network answers
    and with its `temperature` applied. Empty bins are left out."""

    temperature: float
    error: float
    tempered_error: float
    bins: tuple[CalibrationBin, ...]
    tempered_bins: tuple[CalibrationBin, ...]


class Metrics(Frozen):
    """`loss` is the cross-entropy in nats. `macro` is the plain mean over the classes that have samples, `weighted` the
    mean by support; `balanced_accuracy` is the mean recall of the classes that have samples."""

    samples: int
    loss: float
    accuracy: float
    balanced_accuracy: float
    top_3_accuracy: float
    macro: MeanMetrics
    weighted: MeanMetrics
    per_class: tuple[ClassMetrics, ...]
    confusion_matrix: ConfusionMatrix


class Evaluation(Metrics):
    """On one split of the experiment's own dataset. `training_precision` is what it was trained in, as Keras names it:
    float32, mixed_bfloat16 or mixed_float16."""

    split: SplitName = Field(validation_alias=any_name("split"))
    calibration: Calibration
    training_precision: str


class CrossDatasetEvaluation(Metrics):
    """On a dataset that the network was not trained on; `prep` says whether images were prepared as served, or only
    resized."""

    dataset: str
    split: EvaluatedSplit = Field(validation_alias=any_name("split"))
    prep: Prep = "none"  # as in version 0.2, which did not record it
    calibration: Calibration


Evaluations = Mapping[SplitName, Evaluation]
_EVALUATIONS: TypeAdapter[dict[SplitName, Evaluation]] = TypeAdapter(dict[SplitName, Evaluation])


SummaryRow = tuple[str, list[float]]


def summarize(evaluations: Evaluations) -> list[SummaryRow]:
    """A table of the most important metrics: the name of each and its value for each split."""
    splits = evaluations.values()
    return [
        ("accuracy", [each.accuracy for each in splits]),
        ("balanced accuracy", [each.balanced_accuracy for each in splits]),
        ("top 3 accuracy", [each.top_3_accuracy for each in splits]),
        ("loss", [each.loss for each in splits]),
        ("macro F1", [each.macro.f1 for each in splits]),
        ("calibration error, as served", [each.calibration.tempered_error for each in splits]),
    ]


def read_evaluations(folder: Path) -> dict[SplitName, Evaluation]:
    """From the published `folder`. Raises NotFound, Damaged."""
    try:
        return _EVALUATIONS.validate_json(read_verified(folder, EVALUATION_FILE))
    except ValidationError as error:
        raise _unreadable(error) from error


def write_evaluations(folder: Path, evaluations: Evaluations) -> None:
    """Raises OSError."""
    write_synced(folder / EVALUATION_FILE, _EVALUATIONS.dump_json(dict(evaluations)))


def read_cross_dataset_evaluation(folder: Path) -> CrossDatasetEvaluation:
    """From the published `folder`. Raises NotFound, Damaged."""
    try:
        return CrossDatasetEvaluation.model_validate_json(read_verified(folder, EVALUATION_FILE))
    except ValidationError as error:
        raise _unreadable(error) from error


def write_cross_dataset_evaluation(folder: Path, evaluation: CrossDatasetEvaluation) -> None:
    """Raises OSError."""
    write_synced(folder / EVALUATION_FILE, evaluation.model_dump_json().encode())


def _unreadable(error: ValidationError) -> Damaged:
    first = error.errors()[0]
    where = "/".join(map(str, first["loc"]))
    return Damaged(f"{EVALUATION_FILE} does not parse: {where}: {first['msg']}")
