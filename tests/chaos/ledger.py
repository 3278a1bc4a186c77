"""What the service promised to its users, and what they saw of it."""

import threading
from collections import Counter
from typing import Literal, NamedTuple

import httpx2

from tests.support.service import TERMINAL

# From one answer about an experiment to the next. None was retried, so that an end is an end.
_ALLOWED = {"queued": {"queued", "running", *TERMINAL}, "running": {"queued", "running", *TERMINAL}}


Kind = Literal["lost", "stuck", "doubled", "transition", "unsound", "left", "answer"]


class Broken(NamedTuple):
    """A promise that was broken: something accepted is `lost`, does not end, exists twice, has made a wrong
    `transition`, is `unsound` (a wrong history or file), or is `left` behind; or an `answer` was wrong."""

    kind: Kind
    sentence: str


class Ledger:
    """For many threads. `accepted` experiments, by id, have the name that was sent; `sweeps` and `datasets` were
    accepted as well. What was asked to be deleted may be gone. `faults` are sentences about broken promises."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, str] = {}
        self.accepted: dict[str, str] = {}
        self.sweeps: set[str] = set()
        self.datasets: set[str] = set()
        self.deleted: set[str] = set()
        self.answers: Counter[str] = Counter()
        self.faults: list[Broken] = []

    def accept(self, experiment_id: str, name: str) -> None:
        with self._lock:
            self.accepted[experiment_id] = name

    def heard(self, request: str, answer: httpx2.Response | None) -> None:
        """Count an answer, or none; of those above 499, 503 alone is allowed."""
        status = "no answer" if answer is None else str(answer.status_code)
        with self._lock:
            self.answers[status] += 1
            if answer is not None and answer.status_code >= 500 and answer.status_code != 503:
                self.faults.append(Broken("answer", f"{request}: {status} {answer.text[:300]}"))

    def saw(self, experiment_id: str, status: str) -> None:
        """Called in the order of the answers."""
        with self._lock:
            before = self._seen.get(experiment_id)
            self._seen[experiment_id] = status
            if before is not None and status not in _ALLOWED.get(before, {before}):
                self.faults.append(Broken("transition", f"experiment {experiment_id} was {before}, then {status}"))

    def fault(self, sentence: str) -> None:
        """Note an answer that is wrong."""
        with self._lock:
            self.faults.append(Broken("answer", sentence))

    def unfinished(self) -> int:
        """How many experiments were not yet seen to have ended."""
        with self._lock:
            ended = {each for each, status in self._seen.items() if status in TERMINAL}
            return len(self.accepted.keys() - ended - self.deleted)

    def choose(self, *statuses: str) -> list[str]:
        """The accepted experiments that were last seen in one of `statuses`, or never seen."""
        with self._lock:
            kept = self.accepted.keys() - self.deleted
            return sorted(each for each in kept if self._seen.get(each, "queued") in statuses)
