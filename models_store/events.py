"""What changes in the store, announced in order in one bounded stream in Redis.

The stream only announces, and may be lost: the truth is on disk. A reader that has lost its place is told to
read everything again.
"""

import logging
from collections.abc import Callable
from typing import Literal

from redis import Redis
from redis.exceptions import RedisError

from models_store import keys
from models_store.experiments.points import MetricValues
from models_store.experiments.record import Progress
from models_store.frozen import Frozen

EventKind = Literal[
    "status",
    "progress",
    "epoch",
    "deleted",
    "queue",
    "dataset",
    "evaluation",
    "sweep",
    "serving",
    "worker",
    "reset",
    "ready",
]
# At up to four reports of progress a second from each training, the longest time that a client can be away: 80 minutes
# of one training. Takes some 10 MB.
MAX_EVENTS = 20_000

log = logging.getLogger(__name__)


class ExperimentProgress(Frozen):
    """A running experiment has advanced."""

    experiment_id: str
    progress: Progress


class ExperimentEpoch(Frozen):
    """An epoch, counted from 0, has ended. Metrics are as in the history."""

    experiment_id: str
    epoch: int
    seconds: float
    metrics: MetricValues


class ExperimentDeleted(Frozen):
    experiment_id: str


class QueueChange(Frozen):
    """The queue was paused, resumed or reordered, or the priority of an experiment has changed."""

    paused: bool


class ConvertedFiles(Frozen):
    """In files of the archive; `total` is null until it is known."""

    done: int
    total: int | None


class DatasetChange(Frozen):
    """An uploaded or collected dataset has changed, or was deleted."""

    name: str
    status: Literal["queued", "converting", "collecting", "ready", "failed", "deleted"]
    progress: ConvertedFiles | None = None
    error: str | None = None


class EvaluatedSamples(Frozen):
    done: int
    total: int


class EvaluationChange(Frozen):
    """The evaluation of an experiment on another dataset has changed."""

    experiment_id: str
    dataset: str
    status: Literal["queued", "running", "succeeded", "failed"]
    progress: EvaluatedSamples | None = None
    error: str | None = None


class SweepChange(Frozen):
    """A sweep has changed. `trials` counts those so far, `open_trials` those that wait or run; `tried` are the points
    whose trials have ended, of those that are `planned`; `best_trial` is the number of the best one, and `best_value`
    its metric. An event with a lower `version` is outdated."""

    sweep_id: str
    version: int
    name: str
    status: Literal["running", "paused", "succeeded", "failed", "cancelled"]
    trials: int
    open_trials: int
    tried: int
    planned: int
    best_trial: int | None
    best_value: float | None


class ServingChange(Frozen):
    """Another model serves a dataset, null for none, or the same one for another reason."""

    dataset: str
    experiment_id: str | None
    policy: Literal["pinned", "best"]


class StreamReady(Frozen):
    """The stream continues behind the position that was sent, or begins with what happens now."""

    resumed: bool


class EventsLost(Frozen):
    """Read again what was read before: all of it, or if `experiment_id` is not null the record and history of that
    experiment, of which an attempt continues behind an earlier epoch."""

    experiment_id: str | None = None


# Lua: `announce(stream, kind, subject, data, private_to)`.
ANNOUNCE = f"""
local function announce(stream, kind, subject, data, private_to)
  local fields = {{'kind', kind, 'subject', subject, 'data', data}}
  if private_to ~= '' then
    fields[#fields + 1] = 'private_to'
    fields[#fields + 1] = private_to
  end
  redis.call('XADD', stream, 'MAXLEN', '~', '{MAX_EVENTS}', '*', unpack(fields))
end
"""
_ADD = f"""{ANNOUNCE}
announce(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
"""
_ADD_CHANGED = f"""{ANNOUNCE}
if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[3] then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
announce(KEYS[1], ARGV[1], '', ARGV[3], ARGV[4])
return 1
"""


class EventLog:
    """Adds to the stream. While Redis cannot be reached nothing is added; then a `reset` is, as soon as it returns."""

    def __init__(self, redis: Redis) -> None:
        self._add = redis.register_script(_ADD)
        self._add_changed = redis.register_script(_ADD_CHANGED)
        self._has_missed = False

    def add(self, kind: EventKind, data: Frozen, subject: str = "", private_to: str = "") -> None:
        """`subject` is the experiment that the event belongs to, if it belongs to one; `private_to` the owner of what
        is private."""
        self._try(lambda: self._append(kind, subject, data, private_to))

    def add_changed(self, kind: EventKind, name: str, data: Frozen, private_to: str) -> None:
        """Only if `data` is not what was added last under this kind and name, by this process or another one."""
        arguments = [kind, name, data.model_dump_json(), private_to]
        self._try(lambda: self._add_changed(keys=[keys.EVENTS, keys.announced(kind)], args=arguments))

    def repair(self) -> None:
        """Add the `reset` for what was missed."""
        if self._has_missed:
            self._try(lambda: None)

    def _try(self, add: Callable[[], object]) -> None:
        try:
            if self._has_missed:
                self._append("reset", "", EventsLost())
                self._has_missed = False
            add()
        except RedisError as error:
            log.warning("a change was not announced: %r; clients will be told to read everything again", error)
            self._has_missed = True

    def _append(self, kind: EventKind, subject: str, data: Frozen, private_to: str = "") -> None:
        self._add(keys=[keys.EVENTS], args=[kind, subject, data.model_dump_json(), private_to])
