"""Models that were to serve and could not: which, and why."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from models_store.errors import Damaged

# What is damaged stays so; a disk that did not answer may do so again.
_AGAIN_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rejection:
    """`experiment_id` is None where the pin itself is damaged."""

    dataset: str
    experiment_id: str | None
    reason: str


class Rejections:
    """Of each experiment the last one. Each is logged once, and its model is not tried again for a while: a damaged
    one, for as long as this process lives."""

    def __init__(self) -> None:
        self._rejections: dict[str, tuple[Rejection, float]] = {}

    def add(self, dataset: str, experiment_id: str, error: Exception) -> None:
        log.error("model %s is rejected: %s", experiment_id, error)
        again_at = float("inf") if isinstance(error, Damaged) else time.monotonic() + _AGAIN_SECONDS
        self._rejections[experiment_id] = (Rejection(dataset, experiment_id, str(error)), again_at)

    def hold(self, experiment_id: str) -> bool:
        """Whether it is not to be tried now."""
        _, again_at = self._rejections.get(experiment_id, (None, float("-inf")))
        return time.monotonic() < again_at

    def withdraw(self, experiment_id: str) -> None:
        self._rejections.pop(experiment_id, None)

    def keep(self, is_wanted: Callable[[str], bool]) -> None:
        """Forget those of experiments that nobody asks for any more."""
        for experiment_id in [each for each in self._rejections if not is_wanted(each)]:
            self.withdraw(experiment_id)

    def all(self) -> list[Rejection]:
        """In the order of the experiments' ids, which is that of time."""
        return [rejection for _, (rejection, _) in sorted(self._rejections.items())]
