"""The planned learning rate of a whole training."""

from dataclasses import dataclass

from specs.learning_rates import Schedule, TrainingLength


@dataclass(frozen=True, slots=True)
class LearningRateSchedule:
    """The planned learning rate at every step of a training, before `reduce_lr_on_plateau`."""

    learning_rate: float | Schedule
    training: TrainingLength

    def at(self, step: int) -> float:
        """Return the learning rate at `step`, counted from 0 over all epochs."""
        rate = self.learning_rate
        return rate if isinstance(rate, int | float) else rate.rate(step, self.training)

    def curve(self, max_points: int) -> tuple[list[int], list[float]]:
        """Return up to `max_points` steps, evenly spaced from the first to the last, and their learning rates."""
        last = self.training.steps - 1
        points = min(self.training.steps, max_points)
        steps = [round(point * last / max(1, points - 1)) for point in range(points)]
        return steps, [self.at(step) for step in steps]
