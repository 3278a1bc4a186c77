"""Jobs with which owners take turns."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from models_store.experiments.fair_order import Waiting
from models_store.experiments.waiting import WaitingExperiments
from models_store.jobs.jobs import Jobs, R
from models_store.jobs.leases import Leases
from models_store.jobs.queue import JobName, Queue

# Between the parts of a job's name, none of which has one.
SEPARATOR = "."


class JobsInTurn(Jobs[R]):
    """Owners take turns with them as with trainings: a start of either counts."""

    def __init__(self, queue: Queue, leases: Leases, max_attempts: int, turns: WaitingExperiments) -> None:
        super().__init__(queue, leases, max_attempts)
        self._turns = turns

    @abstractmethod
    def waiting(self) -> Iterable[Waiting]:
        """All that wait, and perhaps some that do not: the parts of their names, joined by SEPARATOR, and as `turn`
        when they were asked for."""

    @abstractmethod
    def owner(self, record: R) -> str | None:
        """Whose turn it is over with; None for nobody's."""

    def candidates(self, named: JobName) -> Iterator[JobName]:
        """What a worker may claim, in order, that is woken by a message with a name."""
        for each in self._turns.other_candidates(self.waiting(), SEPARATOR.join(named)):
            yield tuple(each.split(SEPARATOR))

    def note_start(self, record: R) -> None:
        self._turns.note_start(self.owner(record))
