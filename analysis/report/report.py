"""The content of a report: everything that is known of an experiment."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from analysis.diagnosis.diagnosis import diagnose
from analysis.diagnosis.finding import Finding
from analysis.diagnosis.training_run import TrainingRun
from analysis.misclassified import Misclassified
from models_store.evaluations.evaluation import ClassMetrics, Evaluations, SummaryRow, summarize
from models_store.experiments.history import History
from models_store.experiments.record import Record
from models_store.holdout.peeks import PeekCounts
from specs.experiment import ExperimentSpec
from specs.network import Network
from specs.problem import quantity
from specs.splits import SPLITS, SplitName

MAX_MISCLASSIFIED = 12
_MAX_CLASSES = 100
_PENALTIES = ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "beta_regularizer", "gamma_regularizer")
_ENTROPIES = frozenset({"SparseCategoricalCrossentropy", "CategoricalCrossentropy", "BinaryCrossentropy"})
_MIXING = frozenset({"MixUp", "CutMix", "OutlierExposure"})


class Report(NamedTuple):
    """`spec` is YAML that can be posted again. `network` is None and `findings` are empty if the dataset was deleted;
    `evaluations` and `misclassified` are empty before the experiment has succeeded. Images of `misclassified` are data
    URLs. `objective` says why the curves of the loss may differ from the loss in the results, "" if they may not;
    `peeks` how often test results of its dataset were looked at, "" if never."""

    record: Record
    spec: str
    network: Network | None
    history: History
    evaluations: Evaluations
    findings: Sequence[Finding]
    misclassified: Sequence[Misclassified]
    objective: str = ""
    peeks: str = ""

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
    def per_class(self) -> list[ClassMetrics]:
        """Of `split`, in the order of the classes; of more than a hundred, those with the lowest F1."""
        rows = self.evaluations[self.split].per_class if self.split else ()
        return list(rows) if len(rows) <= _MAX_CLASSES else sorted(rows, key=_f1)[:_MAX_CLASSES]

    @property
    def epochs(self) -> tuple[list[str], list[tuple[int, list[float | None]]]]:
        """The names of all metrics, and their values for each epoch, counted from 1."""
        names = list(self.history.metrics)
        return names, [(point.epoch + 1, [point.metrics.get(name) for name in names]) for point in self.history.points]


def _f1(row: ClassMetrics) -> float:
    """Undefined ones last."""
    return 1.0 if row.f1 is None else row.f1


def report_split(evaluations: Evaluations) -> SplitName | None:
    """The test split; results of older versions may lack it. None if there are no evaluations."""
    return next((name for name in reversed(SPLITS) if name in evaluations), None)


def build_report(
    record: Record,
    spec: ExperimentSpec | None,
    history: History,
    evaluations: Evaluations,
    misclassified: Sequence[Misclassified],
    peeks: PeekCounts,
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
        objective=describe_objective(spec) if spec else "",
        peeks=describe_peeks(record, peeks),
    )


def describe_peeks(record: Record, peeks: PeekCounts) -> str:
    """How untouched the test split of its dataset is, as a sentence; "" if nobody has looked at results on it."""
    if record.test_hidden:
        return f"The results on the test split of {record.dataset} are hidden until they are revealed."
    if not peeks.total:
        return ""
    return (
        f"Test results of {record.dataset} have been looked at {quantity(peeks.total, 'time')}, of "
        f"{quantity(len(peeks.by_experiment), 'experiment')}: the more often, the more the best of them is luck."
    )


def describe_objective(spec: ExperimentSpec) -> str:
    """What the training minimized besides the plain cross-entropy that an evaluation reports, as a sentence; "" if
    nothing."""
    parts = list(_added(spec))
    if not parts:
        return ""
    return (
        f"The curves show what was minimized, {' and '.join(parts)}; the loss in this table is the plain cross-entropy "
        "of the published network, so that the two differ."
    )


def _added(spec: ExperimentSpec) -> Iterator[str]:
    loss = spec.training.loss
    if loss != "auto":
        smoothing = getattr(loss, "label_smoothing", 0.0)
        if smoothing:
            yield f"{loss.type} with a label smoothing of {smoothing:g}"
        elif loss.type not in _ENTROPIES:
            yield loss.type
    if any(getattr(layer, name, None) is not None for layer in spec.network.layers for name in _PENALTIES):
        yield "the penalties of the regularizers"
    if spec.training.class_weight is not None:
        yield "in training, a loss weighted by class"
    mixing = [layer.type for layer in (spec.augmentation.layers if spec.augmentation else ()) if layer.type in _MIXING]
    if mixing:
        yield f"in training, a loss of the mixed labels of {', '.join(mixing)}"
