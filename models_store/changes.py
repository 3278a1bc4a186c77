"""Waiting, without blocking a thread, until something about an experiment has changed."""

import asyncio
from typing import cast

from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from models_store import keys

_AWAY_SECONDS = 1.0


class Changes:
    """The stream only says "look again": what changed is read from the store, so that nothing can be missed."""

    def __init__(self, redis: AsyncRedis) -> None:
        self._redis = redis

    async def position(self, experiment_id: str) -> str:
        """Where the stream is now. Take it before you read the store, then `wait` from there."""
        try:
            last = cast(
                list[tuple[str, dict[str, str]]],
                await self._redis.xrevrange(keys.changes(experiment_id), count=1),
            )
        except RedisError:
            return "0-0"
        return last[0][0] if last else "0-0"

    async def wait(self, experiment_id: str, position: str, seconds: float) -> bool:
        """True as soon as there was a change behind `position`; False after `seconds` without one.

        While Redis is away it says True once a second, so that the caller looks at the disk.
        """
        try:
            key = keys.changes(experiment_id)
            return bool(await self._redis.xread({key: position}, block=int(seconds * 1000), count=1))
        except RedisError:
            await asyncio.sleep(_AWAY_SECONDS)
            return True

    async def close(self) -> None:
        await self._redis.aclose()
