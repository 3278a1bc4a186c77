"""Pruning by the limits of the settings, again and again."""

import logging
from datetime import datetime
from typing import cast

from pydantic import Field, ValidationError
from redis import Redis

from models_store import keys
from models_store.connection import require_redis
from models_store.frozen import Frozen, utc_now
from models_store.retention import IsServing, Pruning, Retention, prune
from models_store.store import Store

log = logging.getLogger(__name__)


class RetentionRun(Frozen):
    """What was done last: how many experiments were removed, their bytes, and how many were kept although they exceed a
    limit."""

    at: datetime = Field(default_factory=utc_now)
    removed: int
    removed_bytes: int
    kept: int


class AutomaticRetention:
    """In every API process, because these know what serves: of them one at a time does it, once in `seconds`."""

    def __init__(self, store: Store, limits: Retention, seconds: float) -> None:
        self.limits = limits
        self._store = store
        self._milliseconds = max(1, int(seconds * 1000))

    @property
    def is_on(self) -> bool:
        return self.limits != Retention()

    @property
    def _redis(self) -> Redis:
        return self._store.redis

    def run(self, is_serving: IsServing) -> Pruning | None:
        """None if no limit is set, or if it was done less than `seconds` ago, by any process. The best model of each
        dataset is kept in any case, whether or not this process has loaded it yet. Raises Unavailable, also while the
        index is being rebuilt: which models are the best is not known then."""
        if not self.is_on:
            return None
        with require_redis():
            self._store.experiments.index.require_complete()
            if not self._redis.set(keys.RETENTION_TURN, "1", nx=True, px=self._milliseconds):
                return None
        best = {ranked[0].id for each in self._store.models.datasets() if (ranked := self._store.models.ranking(each))}
        pruning = prune(self._store, self.limits, lambda each: each in best or is_serving(each), dry_run=False)
        for each in pruning.removed:
            log.info("retention: deleted experiment %s (%s), %d bytes: %s", each.id, each.name, each.bytes, each.reason)
        done = RetentionRun(removed=len(pruning.removed), removed_bytes=pruning.removed_bytes, kept=len(pruning.kept))
        with require_redis():
            self._redis.set(keys.RETENTION, done.model_dump_json())
        return pruning

    def last(self) -> RetentionRun | None:
        """None before the first run, and after Redis was emptied. Raises Unavailable."""
        with require_redis():
            document = cast(str | None, self._redis.get(keys.RETENTION))
        try:
            return RetentionRun.model_validate_json(document) if document else None
        except ValidationError:
            return None
