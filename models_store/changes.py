"""Waiting for changes of an experiment, without blocking a thread."""

import asyncio
from typing import cast

from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from models_store import keys

_AWAY_SECONDS = 1.0


class Changes:
    """A stream of notifications without content: what changed is read from the store, so that nothing is missed."""

    def __init__(self, redis: AsyncRedis) -> None:
        self._redis = redis

    async def position(self, experiment_id: str) -> str:
        """The end of the stream. Read it before the store, then `wait` from there."""
        try:
            last = cast(
                list[tuple[str, dict[str, str]]],
                await self._redis.xrevrange(keys.changes(experiment_id), count=1),
            )
        except RedisError:
            return "0-0"
        return last[0][0] if last else "0-0"

    async def wait(self, experiment_id: str, position: str, seconds: float) -> bool:
        """True after a change behind `position`; False after `seconds` without one.

        While Redis cannot be reached, True once a second, so that the caller polls the disk.
        """
        try:
            key = keys.changes(experiment_id)
            return bool(await self._redis.xread({key: position}, block=int(seconds * 1000), count=1))
        except RedisError:
            await asyncio.sleep(_AWAY_SECONDS)
            return True

    async def close(self) -> None:
        await self._redis.aclose()
