"""The documents of an exported model: its README and its model card."""

from collections.abc import Mapping
from typing import NamedTuple

import yaml

from analysis.templates import load_templates
from models_store.artifacts import Manifest
from models_store.evaluations.evaluation import ClassMetrics, Evaluations, SummaryRow, summarize
from models_store.experiments.record import Record
from models_store.models.serving_info import ServingInfo

_TEMPLATES = load_templates("analysis.model_card")
_MAX_CONFUSIONS = 10
_MAX_WEAK_CLASSES = 5


class Confusion(NamedTuple):
    """`samples` of the `of` samples of class `true` were classified as `predicted`."""

    true: str
    predicted: str
    samples: int
    of: int


class Card(NamedTuple):
    """`evaluations` are by split; results of older versions may lack splits, or all. `release` is the version of the
    service, `versions` are those of the packages that the model runs with."""

    record: Record
    info: ServingInfo
    evaluations: Evaluations
    manifest: Manifest
    release: str
    versions: Mapping[str, str]

    @property
    def spec(self) -> str:
        """YAML that can be posted again."""
        return yaml.safe_dump(self.record.spec.document, sort_keys=False, allow_unicode=True, width=110)

    @property
    def choice(self) -> str:
        """How the published epoch was chosen."""
        training = self.record.spec.training
        return f"the best by {training.deciding_metric}" if training.keep == "best" else "the last"

    @property
    def is_chosen_by_validation(self) -> bool:
        training = self.record.spec.training
        return training.keep == "best" and training.deciding_metric.startswith("val_")

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
        """Those with the lowest F1 on the test split, of classes that have samples there."""
        classes = self.evaluations["test"].per_class if "test" in self.evaluations else ()
        return sorted((each for each in classes if each.support), key=lambda each: each.f1 or 0.0)[:_MAX_WEAK_CLASSES]


def render_documents(card: Card) -> dict[str, str]:
    """Texts by file name."""
    return {name: _TEMPLATES.get_template(name).render(card=card) for name in ("README.md", "MODEL_CARD.md")}
