"""The content of a report: everything that is known of an experiment."""

from collections.abc import Sequence
from typing import NamedTuple

import yaml

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.training_run import TrainingRun
from analysis.misclassified import Misclassified
from models_store.evaluations.evaluation import Evaluations, SummaryRow, summarize
from models_store.experiments.history import History
from models_store.experiments.record import Record
from specs.experiment import ExperimentSpec
from specs.network import Network
from specs.splits import SPLITS, SplitName

MAX_MISCLASSIFIED = 12


class Report(NamedTuple):
    """`spec` is YAML that can be posted again. `network` is None and `findings` are empty if the dataset was deleted;
    `evaluations` and `misclassified` are empty before the experiment has succeeded. Images of `misclassified` are data
    URLs."""

    record: Record
    spec: str
    network: Network | None
    history: History
    evaluations: Evaluations
    findings: Sequence[Finding]
    misclassified: Sequence[Misclassified]

    @property
    def split(self) -> SplitName | None:
        """The split of plots and misclassified samples."""
        return report_split(self.evaluations)

    @property
    def summary(self) -> list[SummaryRow]:
        return summarize(self.evaluations)

    @property
    def missing_classes(self) -> list[tuple[SplitName, tuple[str, ...]]]:
        """The splits that lack classes, with their names: the metrics of those are undefined there."""
        missing = [
            (split, tuple(row.label for row in each.per_class if not row.support))
            for split, each in self.evaluations.items()
        ]
        return [(split, names) for split, names in missing if names]

    @property
    def epochs(self) -> tuple[list[str], list[tuple[int, list[float | None]]]]:
        """The names of all metrics, and their values for each epoch, counted from 1."""
        names = list(self.history.metrics)
        return names, [(point.epoch + 1, [point.metrics.get(name) for name in names]) for point in self.history.points]


def report_split(evaluations: Evaluations) -> SplitName | None:
    """The test split; results of older versions may lack it. None if there are no evaluations."""
    return next((name for name in reversed(SPLITS) if name in evaluations), None)


def build_report(
    record: Record,
    spec: ExperimentSpec | None,
    history: History,
    evaluations: Evaluations,
    misclassified: Sequence[Misclassified],
) -> Report:
    """`spec` is None if the dataset was deleted. `misclassified` are samples of `report_split`."""
    return Report(
        record=record,
        spec=yaml.safe_dump(record.spec.document, sort_keys=False, allow_unicode=True, width=110),
        network=spec.network if spec else None,
        history=history,
        evaluations=evaluations,
        findings=diagnose(TrainingRun.of(record, spec, history, evaluations)).items if spec else [],
        misclassified=misclassified,
    )
