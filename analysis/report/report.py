"""What a report tells of an experiment, as far as there is something to tell."""

import base64
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from analysis.diagnosis.finding import Finding
from analysis.misclassified import mistakes, most_probable
from api.routes.diagnosis import get_diagnosis
from api.routes.experiments import stored_spec
from api.wire.png import as_png
from api.wire.sample_images import SampleImages
from models_store.errors import NotFound
from models_store.evaluations.predictions import SPLITS, SplitName
from models_store.experiments.record import JsonObject, Point, Record
from models_store.store import Store
from settings import Settings
from specs.experiment import ExperimentSpec

_SHOWN_MISTAKES = 12
Row = tuple[str, list[float | None]]
_SUMMARY = ("accuracy", "balanced_accuracy", "top_3_accuracy", "loss")


class Mistake(NamedTuple):
    """`image` is a data URL, or None where samples are no images; `guesses` are classes with probabilities."""

    sample: int
    true: str
    guesses: list[tuple[str, float]]
    image: str | None


class Report(NamedTuple):
    """`spec` is YAML that can be posted again. `network`, `evaluation` and `mistakes` are empty, and `split` is None,
    where the experiment has not succeeded, or what it stood on is gone."""

    record: Record
    spec: str
    network: JsonObject
    points: list[Point]
    evaluation: dict[str, JsonObject]
    split: SplitName | None
    findings: list[Finding]
    mistakes: list[Mistake]

    @property
    def figures(self) -> list[Row]:
        return summary(self.evaluation)

    @property
    def epochs(self) -> tuple[list[str], list[tuple[int, list[float | None]]]]:
        """The names of all metrics, and for each epoch, counted from 1, their values."""
        names = list(dict.fromkeys(name for point in self.points for name in point.metrics))
        return names, [(point.epoch + 1, [point.metrics.get(name) for name in names]) for point in self.points]


def summary(evaluation: dict[str, JsonObject]) -> list[Row]:
    """Rows of the table of results: a name, and its value for each split, None where it is not known."""
    splits = evaluation.values()
    rows: list[Row] = [(name.replace("_", " "), [split.get(name) for split in splits]) for name in _SUMMARY]
    macro_f1 = [split.get("macro", {}).get("f1") for split in splits]
    error = [split.get("calibration", {}).get("error") for split in splits]
    return [*rows, ("macro F1", macro_f1), ("calibration error", error)]


def report_on(record: Record, store: Store, settings: Settings) -> Report:
    """Raises Damaged."""
    spec = _spec(record, store)
    evaluation = _evaluation(record, store)
    # The test split is what a report is about; results of older versions may lack one.
    split = next((name for name in reversed(SPLITS) if name in evaluation), None)
    return Report(
        record=record,
        spec=yaml.safe_dump(record.spec, sort_keys=False, allow_unicode=True, width=110),
        network=spec.network().summary() if spec else {},
        points=store.experiments.history(record.id)[0],
        evaluation=evaluation,
        split=split,
        findings=get_diagnosis(record.id, store).items if spec else [],
        mistakes=list(_mistakes(record, split, evaluation[split], store, settings)) if split else [],
    )


def _spec(record: Record, store: Store) -> ExperimentSpec | None:
    try:
        return stored_spec(record, store)
    except NotFound:
        return None


def _evaluation(record: Record, store: Store) -> dict[str, JsonObject]:
    try:
        return store.experiments.evaluation(record.id)
    except NotFound:
        return {}


def _mistakes(
    record: Record, split: SplitName, evaluation: dict[str, Any], store: Store, settings: Settings
) -> Iterator[Mistake]:
    try:
        predictions = store.experiments.predictions(record.id, split)
    except NotFound:
        return
    labels = evaluation["confusion_matrix"]["labels"]
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
