"""What a report tells of an experiment, as far as there is something to tell."""

import base64
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from analysis.diagnosis.finding import Finding
from analysis.misclassified import mistakes, most_probable
from api.routes.diagnosis import get_diagnosis
from api.wire.png import as_png
from api.wire.sample_images import SampleImages
from models_store.errors import NotFound
from models_store.evaluations.evaluation import Evaluation, Evaluations
from models_store.experiments.history import History
from models_store.experiments.record import JsonObject, Record
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec
from specs.splits import SPLITS, SplitName

_SHOWN_MISTAKES = 12
Row = tuple[str, list[float | None]]


class Mistake(NamedTuple):
    """`image` is a data URL, or None where samples are no images; `guesses` are classes with probabilities."""

    sample: int
    true: str
    guesses: list[tuple[str, float]]
    image: str | None


class Report(NamedTuple):
    """`spec` is YAML that can be posted again. `network`, `evaluations` and `mistakes` are empty, and `split` is None,
    where the experiment has not succeeded, or what it stood on is gone."""

    record: Record
    spec: str
    network: JsonObject
    history: History
    evaluations: Evaluations
    split: SplitName | None
    findings: list[Finding]
    mistakes: list[Mistake]

    @property
    def figures(self) -> list[Row]:
        return summary(self.evaluations)

    @property
    def epochs(self) -> tuple[list[str], list[tuple[int, list[float | None]]]]:
        """The names of all metrics, and for each epoch, counted from 1, their values."""
        names = list(self.history.metrics)
        return names, [(point.epoch + 1, [point.metrics.get(name) for name in names]) for point in self.history.points]


def summary(evaluations: Evaluations) -> list[Row]:
    """Rows of the table of results: a name, and its value for each split."""
    splits = evaluations.values()
    return [
        ("accuracy", [each.accuracy for each in splits]),
        ("balanced accuracy", [each.balanced_accuracy for each in splits]),
        ("top 3 accuracy", [each.top_3_accuracy for each in splits]),
        ("loss", [each.loss for each in splits]),
        ("macro F1", [each.macro.f1 for each in splits]),
        ("calibration error", [each.calibration.error for each in splits]),
    ]


def report_on(record: Record, store: Store, settings: Settings) -> Report:
    """Raises Damaged."""
    spec = _spec(record, store)
    evaluations = _evaluations(record, store)
    # The test split is what a report is about; results of older versions may lack one.
    split = next((name for name in reversed(SPLITS) if name in evaluations), None)
    return Report(
        record=record,
        spec=yaml.safe_dump(record.spec.document, sort_keys=False, allow_unicode=True, width=110),
        network=spec.network().summary() if spec else {},
        history=store.experiments.history(record.id),
        evaluations=evaluations,
        split=split,
        findings=get_diagnosis(record.id, store).items if spec else [],
        mistakes=list(_mistakes(record, split, evaluations[split], store, settings)) if split else [],
    )


def _spec(record: Record, store: Store) -> ExperimentSpec | None:
    try:
        return store.spec_of(record)
    except NotFound:
        return None


def _evaluations(record: Record, store: Store) -> Evaluations:
    try:
        return store.experiments.evaluations(record.id)
    except NotFound:
        return {}


def _mistakes(
    record: Record, split: SplitName, evaluation: Evaluation, store: Store, settings: Settings
) -> Iterator[Mistake]:
    try:
        predictions = store.experiments.predictions(record.id, split)
    except NotFound:
        return
    labels = evaluation.confusion_matrix.labels
    images = SampleImages(record.dataset, split, predictions, store, settings)
    for row in mistakes(predictions, "-confidence")[:_SHOWN_MISTAKES].tolist():
        guesses = [
            (labels[index], float(predictions.probabilities[row, index])) for index in most_probable(predictions, row)
        ]
        yield Mistake(row, labels[int(predictions.truth[row])], guesses, _data_url(images, row))


def _data_url(images: SampleImages, row: int) -> str | None:
    try:
        return f"data:image/png;base64,{base64.b64encode(as_png(images.image(row))).decode()}"
    except NotFound:
        return None
