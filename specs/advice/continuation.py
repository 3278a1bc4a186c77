"""Warnings about `continue_from`: a schedule that is another one when the training is longer."""

from collections.abc import Iterator

from specs.experiment import ExperimentSpec
from specs.learning_rates import Decay, OneCycle


def continuation_warnings(spec: ExperimentSpec) -> Iterator[str]:
    rate = spec.training.optimizer.learning_rate
    if spec.continue_from is not None and isinstance(rate, Decay | OneCycle) and rate.spans_training:
        length = "cycle_epochs" if isinstance(rate, OneCycle) else "decay_epochs"
        yield (
            f"the schedule {rate.type} has no length and spans all {spec.training.epochs:,} epochs: the learning rate "
            f"continues as in the longer training, which may be a jump up; give it `{length}`, or a number as learning "
            "rate"
        )
