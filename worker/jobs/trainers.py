"""The trainers of a worker process: one that has trained and can train again, and a warm spare."""

from settings import Settings
from worker.jobs.messages import TRAINING_EVENT, TrainingEvent
from worker.jobs.process import ChildProcess

# A tenth of a core that others want: enough to be warm in a minute, too little to slow the trainer at work.
_BESIDE_ANOTHER = 10

Trainer = ChildProcess[TrainingEvent]


def start_trainer(niceness: int = 0, max_growth_bytes: int = 0, cpu_devices: int = 1) -> Trainer:
    """Start a process that imports TensorFlow, with `niceness`, while it waits for its first job. It ends after a
    training that leaves it with `max_growth_bytes` more memory than it had then. The processor is `cpu_devices`."""
    numbers = (niceness, max_growth_bytes, cpu_devices)
    return ChildProcess("worker.training", TRAINING_EVENT, *map(str, numbers))


class Trainers:
    """At most two processes: the trainer at work, or the one that waits after a training, and the spare.

    A trainer trains experiments in turn, up to a number (see docs/decisions/0051).
    """

    def __init__(self, settings: Settings) -> None:
        self._max_jobs = settings.trainer_max_jobs
        self._max_growth_bytes = settings.trainer_max_growth_bytes
        self._cpu_devices = settings.cpu_devices
        self._keeps_spare = settings.spare_trainer
        self._used: Trainer | None = None
        self._spare: Trainer | None = self._start()

    def acquire(self, *, fresh: bool) -> Trainer:
        """Hand out the trainer that has trained before, or the spare if there is none or the job wants a `fresh` one;
        start one if it has died."""
        used, self._used = self._used, None
        if used is not None:
            if used.is_alive and not fresh:
                return used
            # Its memory, also the GPU's, is free before another one needs it.
            used.kill()
        spare, self._spare = self._spare, None
        if spare is not None:
            if spare.is_alive:
                return spare
            spare.kill()
        return self._start()

    def give_back(self, trainer: Trainer) -> None:
        """Keep a trainer that has done its job well for the next one, unless it has had enough."""
        if trainer.jobs < self._max_jobs:
            self._used = trainer
        else:
            trainer.kill()

    def prepare(self) -> None:
        """Start the next spare, if it is wanted and missing: beside a trainer that has done its first step."""
        if self._keeps_spare and self._spare is None:
            self._spare = self._start(_BESIDE_ANOTHER)

    def close(self) -> None:
        for trainer in (self._used, self._spare):
            if trainer is not None:
                trainer.kill()

    def _start(self, niceness: int = 0) -> Trainer:
        return start_trainer(niceness, self._max_growth_bytes, self._cpu_devices)
