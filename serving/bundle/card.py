"""The model card and the README of a bundle."""

from importlib.metadata import version
from typing import NamedTuple

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from models_store.artifacts import Manifest
from models_store.evaluations.evaluation import ClassMetrics, Evaluations, SummaryRow, summarize
from models_store.experiments.record import Record
from models_store.models.serving_info import ServingInfo

_RUNS_WITH = ("numpy", "pillow", "onnxruntime")
_MAX_CONFUSIONS = 10
_MAX_WEAK_CLASSES = 5


def required_versions() -> dict[str, str]:
    """The packages that `predict.py` needs, in the versions that the service runs with."""
    return {name: version(name) for name in _RUNS_WITH}


class Confusion(NamedTuple):
    """`samples` of the `of` samples of class `true` were classified as `predicted`."""

    true: str
    predicted: str
    samples: int
    of: int


class Card(NamedTuple):
    """`evaluations` are by split; results of older versions may lack splits, or all. `release` is the version of the
    service."""

    record: Record
    info: ServingInfo
    evaluations: Evaluations
    manifest: Manifest
    release: str

    @property
    def versions(self) -> dict[str, str]:
        return required_versions()

    @property
    def spec(self) -> str:
        """YAML that can be posted again."""
        return yaml.safe_dump(self.record.spec.document, sort_keys=False, allow_unicode=True, width=110)

    @property
    def summary(self) -> list[SummaryRow]:
        return summarize(self.evaluations)

    @property
    def confusions(self) -> list[Confusion]:
        """Those of the test split, the most frequent first."""
        if "test" not in self.evaluations:
            return []
        found = self.evaluations["test"].confusion_matrix
        labels, matrix = found.labels, found.matrix
        confusions = [
            Confusion(labels[true], labels[predicted], samples, sum(row))
            for true, row in enumerate(matrix)
            for predicted, samples in enumerate(row)
            if true != predicted and samples
        ]
        return sorted(confusions, key=lambda each: -each.samples)[:_MAX_CONFUSIONS]

    @property
    def weak_classes(self) -> list[ClassMetrics]:
        """Those with the lowest F1 on the test split."""
        classes = self.evaluations["test"].per_class if "test" in self.evaluations else ()
        return sorted(classes, key=lambda each: each.f1)[:_MAX_WEAK_CLASSES]


def _number(value: float) -> str:
    """Four digits; very small values in scientific notation."""
    return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4f}"


def _line(text: str) -> str:
    """On one line, so that nothing in it can begin a block."""
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Of a table, in which a bar would end the cell."""
    return _line(text).replace("|", r"\|")


def _quote(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())


_TEMPLATES = Environment(
    loader=PackageLoader("serving.bundle"),
    autoescape=False,  # noqa: S701 - these are Markdown; the filters escape what is in tables
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_TEMPLATES.filters.update(number=_number, line=_line, cell=_cell, quote=_quote)


def render_readme(card: Card) -> str:
    return _TEMPLATES.get_template("README.md").render(card=card)


def render_model_card(card: Card) -> str:
    return _TEMPLATES.get_template("MODEL_CARD.md").render(card=card)
