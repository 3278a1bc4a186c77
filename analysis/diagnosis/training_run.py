"""A training run as the rules of a diagnosis see it."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from analysis.diagnosis.curves import Curve, curve, is_number
from models_store.evaluations.evaluation import Evaluation, Evaluations
from models_store.experiments.history import History
from models_store.experiments.points import Point, is_better
from models_store.experiments.record import Record, Status
from models_store.jobs.failure import FailureType
from specs.experiment import ExperimentSpec
from specs.splits import SplitName

_ENTROPIES = frozenset({"SparseCategoricalCrossentropy", "CategoricalCrossentropy"})

# Three in ten of the samples that guessing gets wrong are still wrong.
_POOR = 0.7


@dataclass(frozen=True)
class TrainingRun:
    """An experiment so far. `evaluations` are by split, empty before the end. `stop_reason`, `failure`,
    `recorded_epoch`, which is the published one, and the names of `transferred_layers` are the record's."""

    experiment_id: str
    spec: ExperimentSpec
    points: Sequence[Point]
    evaluations: Evaluations = field(default_factory=dict)
    has_ended: bool = False
    stop_reason: str | None = None
    failure: FailureType | None = None
    recorded_epoch: int | None = None
    transferred_layers: Collection[str] = ()

    @classmethod
    def of(cls, record: Record, spec: ExperimentSpec, history: History, evaluations: Evaluations) -> Self:
        return cls(
            experiment_id=record.id,
            spec=spec,
            points=history.points,
            evaluations=evaluations,
            has_ended=record.status.is_terminal,
            stop_reason=record.stop_reason,
            recorded_epoch=record.published_epoch,
            transferred_layers=record.transferred_layers.keys(),
            failure=record.error.type if record.error and record.status is Status.FAILED else None,
        )

    @cached_property
    def losses(self) -> tuple[Curve, Curve]:
        """Of training and validation, over the epochs that have both."""
        both = [each for each in self.points if all(map(is_number, map(each.metrics.get, ("loss", "val_loss"))))]
        return curve(both, "loss"), curve(both, "val_loss")

    @cached_property
    def accuracy(self) -> Curve:
        return curve(self.points, "accuracy")

    @cached_property
    def val_accuracy(self) -> Curve:
        return curve(self.points, "val_accuracy")

    @property
    def held_out(self) -> tuple[SplitName, Evaluation | None]:
        """The evaluation on the test split, or else on the validation split."""
        split: SplitName = "test" if "test" in self.evaluations else "validation"
        return split, self.evaluations.get(split)

    def evaluated_accuracy(self, split: SplitName) -> float | None:
        """Of the published network."""
        return self.evaluations[split].accuracy if split in self.evaluations else None

    @property
    def final_val_accuracy(self) -> float | None:
        """The published network's, or else that of the last epoch."""
        evaluated = self.evaluated_accuracy("validation")
        return self.val_accuracy.values[-1] if evaluated is None and len(self.val_accuracy) else evaluated

    @cached_property
    def highest_accuracy(self) -> float | None:
        """On any split, in any epoch and of the published network; None if none is known."""
        evaluated = [each.accuracy for each in self.evaluations.values()]
        return max([*self.accuracy.values, *self.val_accuracy.values, *evaluated], default=None)

    def is_transferred(self, layer: str) -> bool:
        """Whether `layer` starts from the weights of `model.weights_from`; all do if the record does not say which."""
        if self.spec.model.weights_from is None:
            return False
        return not self.transferred_layers or layer in self.transferred_layers

    @property
    def has_restored_best(self) -> bool:
        """Whether the published weights are those of the best epoch, not of the last one. Records without a published
        epoch are of version 0.2, which restored the best one when the time budget ended."""
        is_old_budget = self.stop_reason == "time_budget" and self.recorded_epoch is None
        return self.spec.training.keep == "best" or is_old_budget

    @property
    def published_epoch(self) -> int:
        """The epoch whose weights are published, the last one before the end; -1 without epochs."""
        if self.recorded_epoch is not None:
            return self.recorded_epoch
        if not self.points:
            return -1
        published = self.points[-1]
        if self.has_ended and self.has_restored_best:
            published, *others = self.points
            for point in others:
                if is_better(point.metrics, published.metrics, self.spec.training.deciding_metric):
                    published = point
        return published.epoch

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """The share of each class in the samples that are split."""
        counts = self.spec.dataset.facts.training_counts
        return tuple(count / sum(counts) for count in counts)

    @property
    def chance(self) -> float:
        """The accuracy of always predicting the most frequent class."""
        return max(self.shares)

    @property
    def guessing_loss(self) -> float | None:
        """The cross-entropy, in nats, of predicting the shares of the classes for every sample: ln(classes) if all are
        equal. None if another loss is minimized, or classes are weighted."""
        training = self.spec.training
        is_entropy = training.loss == "auto" or training.loss.type in _ENTROPIES
        if not is_entropy or training.class_weight is not None:
            return None
        return -sum(share * math.log(share) for share in self.shares if share > 0)

    def is_guess(self, accuracy: float, samples: int) -> bool:
        """Whether guessing may reach such an accuracy on so many samples: it is within three standard errors of chance,
        or two points if samples are many; never more than half way to always right."""
        error = math.sqrt(self.chance * (1 - self.chance) / max(1, samples))
        return accuracy <= self.chance + min(max(0.02, 3 * error), (1 - self.chance) / 2)

    def luck(self, accuracy: float, samples: int) -> float:
        """The probability that guessing recognizes as many of `samples` or more."""
        right, chance = round(accuracy * samples), self.chance
        if chance >= 1:  # all samples are of one class
            return 1.0
        return math.fsum(
            math.exp(
                math.lgamma(samples + 1)
                - math.lgamma(hits + 1)
                - math.lgamma(samples - hits + 1)
                + hits * math.log(chance)
                + (samples - hits) * math.log1p(-chance)
            )
            for hits in range(right, samples + 1)
        )

    def skill(self, accuracy: float) -> float:
        """From 0 for guessing to 1 for always right."""
        return (accuracy - self.chance) / max(1 - self.chance, 1e-9)

    def is_poor(self, accuracy: float) -> bool:
        return self.skill(accuracy) < _POOR

    @cached_property
    def learning_rates(self) -> tuple[float, ...]:
        """At the end of each epoch, from the history, or as planned if the history does not have it."""
        steps = self.spec.steps_per_epoch()
        planned = self.spec.training.learning_rate_schedule(steps)
        return tuple(
            rate if is_number(rate := point.metrics.get("learning_rate")) else planned.at((point.epoch + 1) * steps - 1)
            for point in self.points
        )

    @property
    def has_schedule(self) -> bool:
        return not isinstance(self.spec.training.optimizer.learning_rate, int | float)

    @property
    def default_learning_rate(self) -> float:
        """Of its optimizer."""
        return float(type(self.spec.training.optimizer).model_fields["learning_rate"].default)
