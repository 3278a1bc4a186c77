"""What a bundle says of its model: how to ask it, what it was trained on, what it is worth."""

from importlib.metadata import version
from typing import NamedTuple

import yaml

from analysis.report.report import Row, summary
from analysis.templates import templates_of
from api import __version__
from models_store.artifacts import Manifest
from models_store.evaluations.evaluation import ClassMetrics, Evaluations
from models_store.experiments.record import Record
from models_store.models.serving_info import ServingInfo

_TEMPLATES = templates_of("serving.bundle")
_RUNS_WITH = ("numpy", "pillow", "onnxruntime")
_MAX_CONFUSIONS = 10
_MAX_WEAK_CLASSES = 5


def runs_with() -> dict[str, str]:
    """The packages that `predict.py` needs, in the versions that the service has."""
    return {name: version(name) for name in _RUNS_WITH}


class Confusion(NamedTuple):
    """`samples` of class `true`, of which there are `of`, were taken for `predicted`."""

    true: str
    predicted: str
    samples: int
    of: int


class Card(NamedTuple):
    """`evaluations` are by split; results of older versions may lack splits, or all."""

    record: Record
    info: ServingInfo
    evaluations: Evaluations
    manifest: Manifest

    @property
    def release(self) -> str:
        return __version__

    @property
    def versions(self) -> dict[str, str]:
        return runs_with()

    @property
    def spec(self) -> str:
        """YAML that can be posted again."""
        return yaml.safe_dump(self.record.spec.document, sort_keys=False, allow_unicode=True, width=110)

    @property
    def figures(self) -> list[Row]:
        return summary(self.evaluations)

    @property
    def confusions(self) -> list[Confusion]:
        """The most frequent ones of the test split, most frequent first."""
        if "test" not in self.evaluations:
            return []
        found = self.evaluations["test"].confusion_matrix
        labels, matrix = found.labels, found.matrix
        all_of_them = [
            Confusion(labels[true], labels[predicted], samples, sum(row))
            for true, row in enumerate(matrix)
            for predicted, samples in enumerate(row)
            if true != predicted and samples
        ]
        return sorted(all_of_them, key=lambda each: -each.samples)[:_MAX_CONFUSIONS]

    @property
    def weak_classes(self) -> list[ClassMetrics]:
        """Those of the test split that it knows least of, by F1."""
        classes = self.evaluations["test"].per_class if "test" in self.evaluations else ()
        return sorted(classes, key=lambda each: each.f1)[:_MAX_WEAK_CLASSES]


def readme(card: Card) -> str:
    return _TEMPLATES.get_template("README.md").render(card=card)


def model_card(card: Card) -> str:
    return _TEMPLATES.get_template("MODEL_CARD.md").render(card=card)
