"""Tokens of the provider in place of a key."""

import hashlib
from collections.abc import Callable
from typing import Any

from anyio import CapacityLimiter, to_thread
from cachetools import LRUCache

from api.oidc.people import Person
from api.oidc.provider import InvalidToken, Provider
from models_store.access.key import Key
from models_store.frozen import utc_now
from settings import Settings

_CACHED = 1_000
_THREADS = 4
_ID_CHARACTERS = 10


class ProviderTokens:
    """All in one event loop."""

    def __init__(self, provider: Provider, settings: Settings, is_student: Callable[[str], bool]) -> None:
        self._provider = provider
        self._settings = settings
        self._is_student = is_student
        # Of its own: while the provider is slow, nothing else waits for it.
        self._threads = CapacityLimiter(_THREADS)
        self._valid: LRUCache[bytes, Key] = LRUCache(_CACHED)

    @staticmethod
    def is_one(token: str) -> bool:
        """Whether it is in the form of a JWT (RFC 7519)."""
        return token.count(".") == 2

    def is_known(self, token: str) -> bool:
        """Whether `verify` takes microseconds, because it was valid before."""
        return _fingerprint(token) in self._valid

    async def verify(self, token: str) -> Key | None:
        """As a key that the store does not have, valid until the token expires; None if it is not valid. Raises
        NotAdmitted, Unavailable."""
        fingerprint = _fingerprint(token)
        key = self._valid.get(fingerprint)
        if key is None:
            try:
                claims = await to_thread.run_sync(self._provider.verify, token, limiter=self._threads)
            except InvalidToken:
                return None
            key = self._valid[fingerprint] = self._key(claims)
        return key if key.is_live(utc_now()) else None

    def _key(self, claims: Any) -> Key:
        person = Person(self._settings, claims, self._is_student)
        subject = f"{claims['iss']} {claims['sub']}".encode()
        key_id = hashlib.sha256(subject).hexdigest()[:_ID_CHARACTERS]
        return Key.of_provider(key_id, person.owner, person.scopes, claims["iat"], claims["exp"])


def _fingerprint(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
