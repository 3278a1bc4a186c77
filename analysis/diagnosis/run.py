"""What the rules look at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from analysis.diagnosis.curves import Curve, curve, is_number
from models_store.evaluations.evaluation import Evaluations
from models_store.experiments.record import FailureType, Point
from specs.experiment import ExperimentSpec

_ENTROPIES = frozenset({"SparseCategoricalCrossentropy", "CategoricalCrossentropy"})

# Three in ten of what guessing gets wrong are still wrong.
_POOR = 0.7


@dataclass(frozen=True)
class Run:
    """An experiment so far. `evaluations` are by split; empty before the end. `stop_reason` and `failure` are the
    record's."""

    experiment_id: str
    spec: ExperimentSpec
    points: Sequence[Point]
    evaluations: Evaluations = field(default_factory=dict)
    has_ended: bool = False
    stop_reason: str | None = None
    failure: FailureType | None = None

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
    def has_restored_best(self) -> bool:
        """Whether what is published are the weights of the best epoch, not the last one's."""
        stopping = self.spec.training.early_stopping
        return self.stop_reason == "time_budget" or (stopping is not None and stopping.restore_best_weights)

    # -- guessing ------------------------------------------------------------------------------------------------

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """Of each class among the samples that are split."""
        counts = self.spec.dataset.facts.training_counts
        return tuple(count / sum(counts) for count in counts)

    @property
    def chance(self) -> float:
        """The accuracy of one who names the most frequent class every time."""
        return max(self.shares)

    @property
    def guessing_loss(self) -> float | None:
        """The cross-entropy, in nats, of one who knows nothing but how frequent each class is: ln(classes) where all
        are. None where something else is minimized, or classes are weighted."""
        training = self.spec.training
        is_entropy = training.loss == "auto" or training.loss.type in _ENTROPIES
        if not is_entropy or training.class_weight is not None:
            return None
        return -sum(share * math.log(share) for share in self.shares if share > 0)

    def is_guess(self, accuracy: float, samples: int) -> bool:
        """Whether such an accuracy on so many samples may come from guessing: it is within three standard errors, or
        two points where they are many; never more than half way to being always right."""
        error = math.sqrt(self.chance * (1 - self.chance) / max(1, samples))
        return accuracy <= self.chance + min(max(0.02, 3 * error), (1 - self.chance) / 2)

    def skill(self, accuracy: float) -> float:
        """From 0 for guessing to 1 for always right."""
        return (accuracy - self.chance) / max(1 - self.chance, 1e-9)

    def is_poor(self, accuracy: float) -> bool:
        return self.skill(accuracy) < _POOR

    # -- the learning rate ---------------------------------------------------------------------------------------

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """At the end of each epoch: as it was, or as it was planned where that is not in the history."""
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
    def usual_rate(self) -> float:
        """The optimizer's default."""
        return float(type(self.spec.training.optimizer).model_fields["learning_rate"].default)
