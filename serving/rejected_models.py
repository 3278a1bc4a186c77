"""Models that should serve and cannot: which, why, and when to try them again."""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from models_store.errors import Damaged

# A disk that did not answer may do so again; a damaged file stays damaged.
_RETRY_SECONDS = 30.0

log = logging.getLogger(__name__)


class RejectedModel(NamedTuple):
    """`experiment_id` is None where the pin itself is damaged."""

    dataset: str
    experiment_id: str | None
    reason: str


class RejectedModels:
    """The last rejection of each experiment. Each is logged once, and its model is not tried again for a while: a
    damaged one, as long as this process lives."""

    def __init__(self) -> None:
        self._rejected: dict[str, tuple[RejectedModel, float]] = {}

    def add(self, dataset: str, experiment_id: str, error: Exception) -> None:
        log.error("model %s is rejected: %s", experiment_id, error)
        retry_at = float("inf") if isinstance(error, Damaged) else time.monotonic() + _RETRY_SECONDS
        self._rejected[experiment_id] = (RejectedModel(dataset, experiment_id, str(error)), retry_at)

    def blocks(self, experiment_id: str) -> bool:
        """Whether it is too early to try the model again."""
        _, retry_at = self._rejected.get(experiment_id, (None, float("-inf")))
        return time.monotonic() < retry_at

    def remove(self, experiment_id: str) -> None:
        self._rejected.pop(experiment_id, None)

    def retain(self, is_wanted: Callable[[str], bool]) -> None:
        """Remove those of other experiments."""
        for experiment_id in [each for each in self._rejected if not is_wanted(each)]:
            self.remove(experiment_id)

    def all(self) -> list[RejectedModel]:
        """In the order of their experiments, the oldest first."""
        return [rejected for _, (rejected, _) in sorted(self._rejected.items())]
