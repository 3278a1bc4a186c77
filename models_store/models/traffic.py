"""Traffic: how often each model is asked and what it answers, summed over all API processes.

Counted in memory and added to Redis now and then: a prediction waits for neither, and is answered without Redis.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import cast

from pydantic import Field
from redis import Redis
from redis.exceptions import RedisError

from models_store import keys
from models_store.connection import require_redis
from models_store.frozen import Frozen

MINUTES, HOURS = 60, 24
_MINUTE_SECONDS, _HOUR_SECONDS = 60, 3600
_VERDICT, _CLASS = "verdict", "class"
# Experiment, kind of what is counted, its name.
_Counted = tuple[str, str, str]


class ModelTraffic(Frozen):
    """Of one model. `requests` by minute, of the last sixty minutes, the present one last; `requests_per_second`
    is the mean of that one and the one before. Of the last 24 hours, by hours: predictions by their `verdict`, which
    those over other servers' protocols lack, and by predicted class, the index of an output of the network; images that
    show no sample of a class are not among the latter."""

    requests: tuple[int, ...] = (0,) * MINUTES
    requests_per_second: float = 0.0
    verdicts: dict[str, int] = Field(default_factory=dict)
    predicted: dict[int, int] = Field(default_factory=dict)


class Traffic:
    """Counting takes a microsecond and may be done by any number of threads. While Redis is away counts wait."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._redis = redis
        self._clock = clock
        self._requests: Counter[str] = Counter()
        self._predictions: Counter[_Counted] = Counter()
        self._lock = threading.Lock()

    # -- while predicting --------------------------------------------------------------------------------------------

    def count_request(self, experiment_id: str) -> None:
        with self._lock:
            self._requests[experiment_id] += 1

    def count_predictions(self, experiment_id: str, classes: Iterable[int], verdicts: Iterable[str] = ()) -> None:
        with self._lock:
            for verdict in verdicts:
                self._predictions[experiment_id, _VERDICT, verdict] += 1
            for index in classes:
                self._predictions[experiment_id, _CLASS, str(index)] += 1

    # -- beside the requests -----------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Add what was counted to Redis; later, if that is away."""
        with self._lock:
            requests, self._requests = self._requests, Counter()
            predictions, self._predictions = self._predictions, Counter()
        if not requests and not predictions:
            return
        try:
            self._add(requests, predictions)
        except RedisError:
            with self._lock:
                self._requests.update(requests)
                self._predictions.update(predictions)

    def _add(self, requests: Counter[str], predictions: Counter[_Counted]) -> None:
        now = self._clock()
        minute = keys.traffic("minute", int(now // _MINUTE_SECONDS))
        hour = keys.traffic("hour", int(now // _HOUR_SECONDS))
        with self._redis.pipeline(transaction=True) as pipeline:
            for experiment_id, count in requests.items():
                pipeline.hincrby(minute, experiment_id, count)
            for counted, count in predictions.items():
                pipeline.hincrby(hour, ":".join(counted), count)
            pipeline.expire(minute, (MINUTES + 1) * _MINUTE_SECONDS)
            pipeline.expire(hour, (HOURS + 1) * _HOUR_SECONDS)
            pipeline.execute()

    def read(self) -> dict[str, ModelTraffic]:
        """Of each model that was asked, by its experiment. Raises Unavailable."""
        self.flush()
        now = self._clock()
        minute, hour = int(now // _MINUTE_SECONDS), int(now // _HOUR_SECONDS)
        with require_redis(), self._redis.pipeline(transaction=False) as pipeline:
            for number in range(minute - MINUTES + 1, minute + 1):
                pipeline.hgetall(keys.traffic("minute", number))
            for number in range(hour - HOURS + 1, hour + 1):
                pipeline.hgetall(keys.traffic("hour", number))
            stored = cast(list[dict[str, str]], pipeline.execute())
        predictions = _sum(stored[MINUTES:])
        asked = {*predictions, *(each for requests in stored[:MINUTES] for each in requests)}
        return {
            each: _traffic(
                [int(requests.get(each, 0)) for requests in stored[:MINUTES]],
                now % _MINUTE_SECONDS,
                predictions.get(each, {}),
            )
            for each in asked
        }


def _sum(hours: Iterable[dict[str, str]]) -> dict[str, Counter[tuple[str, str]]]:
    """By experiment, then by kind and name."""
    found: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for counts in hours:
        for field, count in counts.items():
            experiment_id, kind, name = field.split(":")
            found[experiment_id][kind, name] += int(count)
    return found


def _traffic(requests: list[int], seconds: float, predictions: dict[tuple[str, str], int]) -> ModelTraffic:
    """`seconds` have passed of the last minute."""
    return ModelTraffic(
        requests=tuple(requests),
        requests_per_second=sum(requests[-2:]) / (_MINUTE_SECONDS + seconds),
        verdicts={name: count for (kind, name), count in predictions.items() if kind == _VERDICT},
        predicted={int(name): count for (kind, name), count in predictions.items() if kind == _CLASS},
    )
