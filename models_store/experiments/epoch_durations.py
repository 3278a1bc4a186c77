"""How long epochs take, as a histogram for `GET /metrics`."""

from itertools import accumulate
from typing import cast

from redis import Redis

from models_store import keys

EPOCH_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_LONGER = "+Inf"


class EpochDurations:
    """Methods raise redis's errors."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def observe(self, seconds: float) -> None:
        """Count an epoch."""
        bucket = next((str(bound) for bound in EPOCH_BUCKETS if seconds <= bound), _LONGER)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hincrby(keys.EPOCH_DURATIONS, bucket, 1)
        pipeline.hincrbyfloat(keys.EPOCH_DURATIONS, "sum", seconds)
        pipeline.execute()

    def read(self) -> tuple[list[tuple[str, float]], float]:
        """The buckets as (upper bound in seconds, epochs up to it), as in Prometheus, and the sum of all seconds."""
        stored = cast(dict[str, str], self._redis.hgetall(keys.EPOCH_DURATIONS))
        bounds = [*map(str, EPOCH_BUCKETS), _LONGER]
        counts = accumulate(float(stored.get(bound, 0)) for bound in bounds)
        return list(zip(bounds, counts, strict=True)), float(stored.get("sum", 0))
