"""What is remembered of a sign-in until it is finished, for every API process, in Redis."""

import hashlib
from typing import Any, cast

import orjson
from redis import Redis

from models_store import keys
from models_store.connection import require_redis


class SignIns:
    """Each document is under a secret, of which only the hash is stored, and can be taken once. Methods raise
    Unavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, step: str, secret: str, document: dict[str, Any], seconds: int) -> None:
        with require_redis():
            self._redis.set(_key(step, secret), orjson.dumps(document), ex=seconds)

    def take(self, step: str, secret: str) -> dict[str, Any] | None:
        """None if there is none, it has expired, or it was taken before."""
        with require_redis():
            stored = cast(str | None, self._redis.getdel(_key(step, secret)))
        return None if stored is None else orjson.loads(stored)


def _key(step: str, secret: str) -> str:
    return keys.sign_in(step, hashlib.sha256(secret.encode(errors="replace")).hexdigest())
