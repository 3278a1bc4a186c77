"""Early stopping of trials by asynchronous successive halving (ASHA; Li et al., "A System for Massively Parallel
Hyperparameter Tuning", MLSys 2020), decided when an epoch is reported.

The ranks live in Redis, and are rebuilt from the histories when they are gone.
"""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from redis import Redis
from redis.exceptions import RedisError

from models_store import keys
from models_store.errors import Damaged, NotFound
from models_store.experiments import history
from models_store.experiments.points import Point
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.sweeps.record import SweepRecord
from models_store.sweeps.store import SweepStore
from models_store.versions import has_unknown
from specs.problem import quantity
from specs.sweep import StopEarly

# Of scores that were not finite: Redis knows infinity, and no score is lower.
_WORST = "-inf"
# None of them without the mark, which is set when all are there.
_RANK = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {-1, 0, ''} end
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
local count = redis.call('ZCARD', KEYS[2])
local kept = math.max(1, math.floor(count / tonumber(ARGV[3])))
local last = redis.call('ZREVRANGE', KEYS[2], kept - 1, kept - 1, 'WITHSCORES')
return {redis.call('ZCOUNT', KEYS[2], '(' .. ARGV[1], '+inf') < kept and 1 or 0, count, last[2]}
"""

log = logging.getLogger(__name__)


class Standing(NamedTuple):
    """Of a trial among the `trials` that have reached a rung; `threshold` is the score of the last that continues."""

    goes_on: bool
    trials: int
    threshold: float


class Rungs:
    """The scores at each rung of each sweep."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._rank = redis.register_script(_RANK)

    def rank(self, sweep_id: str, epochs: int, trial: int, score: float, factor: int) -> Standing | None:
        """Enter a score, in one step with the comparison; None if the ranks are gone, and must be restored."""
        names = [keys.rungs(sweep_id), keys.rung(sweep_id, epochs)]
        arguments: list[str | int] = [_text(score), trial, factor, keys.RUNGS_SECONDS]
        goes_on, count, threshold = cast(tuple[int, int, str], self._rank(keys=names, args=arguments))
        return None if goes_on < 0 else Standing(bool(goes_on), count, float(threshold))

    def restore(self, sweep_id: str, scores: Mapping[int, Mapping[int, float]]) -> None:
        """`scores` are by trial, by the epochs of the rung."""
        pipeline = self._redis.pipeline(transaction=True)
        for epochs, by_trial in scores.items():
            name = keys.rung(sweep_id, epochs)
            pipeline.zadd(name, {str(trial): _text(score) for trial, score in by_trial.items()})
            pipeline.expire(name, keys.RUNGS_SECONDS)
        pipeline.set(keys.rungs(sweep_id), "1", ex=keys.RUNGS_SECONDS)
        pipeline.execute()


def _text(score: float) -> str:
    return repr(score) if math.isfinite(score) else _WORST


def rungs(stop_early: StopEarly, epochs: int) -> Iterator[int]:
    """Numbers of epochs after which trials are compared: 1, 3, 9, ..., below all `epochs`."""
    reached = stop_early.first_epoch
    while reached < epochs:
        yield reached
        reached *= stop_early.factor


class Pruner:
    """Follows the epochs of one trial."""

    def __init__(self, record: Record, sweep: SweepRecord, stop_early: StopEarly, trials: "Trials") -> None:
        self._number = record.trial or 0
        self._planned = record.spec.training.epochs or 0
        self._sweep = sweep
        self._stop_early = stop_early
        self._trials = trials
        self._points: list[Point] = []

    def resume(self, points: Sequence[Point]) -> str | None:
        """The epochs of an earlier attempt, which may not have heard the verdict about the last one."""
        self._points = list(points[:-1])
        return self.observe(points[-1]) if points else None

    def observe(self, point: Point) -> str | None:
        """Why the trial is to be stopped after this epoch; None if it continues."""
        self._points.append(point)
        epochs = len(self._points)
        if epochs not in rungs(self._stop_early, self._planned):
            return None
        score = best_score(self._sweep, self._points)
        try:
            standing = self._trials.rank(self._sweep, self._number, epochs, score)
        except RedisError as error:
            log.warning("trial %d of sweep %s continues unranked: %r", self._number, self._sweep.id, error)
            return None
        return None if standing is None or standing.goes_on else self._describe(epochs, score, standing)

    def _describe(self, epochs: int, score: float, standing: Standing) -> str:
        sign = 1 if self._sweep.spec.maximizes else -1
        reached = f"{sign * score:.4g}" if math.isfinite(score) else "not a finite number"
        return (
            f"stopped after {quantity(epochs, 'epoch')}: its best {self._sweep.spec.metric} is {reached}, and the best "
            f"1/{self._stop_early.factor} of the {standing.trials} trials that got so far begin at "
            f"{sign * standing.threshold:.4g}"
        )


class Trials:
    """The trials of all sweeps, as far as early stopping is concerned."""

    def __init__(self, redis: Redis, sweeps: SweepStore, experiments: ExperimentStore) -> None:
        self._ranks = Rungs(redis)
        self._sweeps = sweeps
        self._experiments = experiments

    def pruner(self, record: Record) -> Pruner | None:
        """None for an experiment that nothing stops early."""
        if record.sweep is None:
            return None
        try:
            sweep = self._sweeps.get(record.sweep)
        except (NotFound, Damaged) as error:
            log.warning("experiment %s is not stopped early: %s", record.id, error)
            return None
        trial = next((each for each in sweep.trials if each.number == record.trial), None)
        stop_early = None if has_unknown(sweep.spec) else sweep.spec.stop_early
        if stop_early is None or sweep.has_ended or trial is None or trial.never_prune:
            return None
        return Pruner(record, sweep, stop_early, self)

    def rank(self, sweep: SweepRecord, trial: int, epochs: int, score: float) -> Standing | None:
        """Raises redis's errors."""
        factor = sweep.spec.stop_early.factor if sweep.spec.stop_early else 1
        standing = self._ranks.rank(sweep.id, epochs, trial, score, factor)
        if standing is not None:
            return standing
        self._ranks.restore(sweep.id, self._scores(sweep.id))
        return self._ranks.rank(sweep.id, epochs, trial, score, factor)

    def _scores(self, sweep_id: str) -> dict[int, dict[int, float]]:
        """By trial, by rung, from the records and histories on disk."""
        found: dict[int, dict[int, float]] = {}
        sweep = self._sweeps.read(sweep_id)
        for trial in sweep.searched:
            try:
                record = self._experiments.read(trial.experiment_id or "")
            except (NotFound, Damaged):
                continue
            points = history.read(self._experiments.folder(record.id)).points
            for epochs in rungs(sweep.spec.stop_early or StopEarly(), record.spec.training.epochs or 0):
                if len(points) >= epochs:
                    found.setdefault(epochs, {})[trial.number] = best_score(sweep, points[:epochs])
        return found


def best_score(sweep: SweepRecord, points: Sequence[Point]) -> float:
    """Of the epochs so far, as the best one may be published."""
    return max(sweep.score(point.metrics.get(sweep.spec.metric)) for point in points)
