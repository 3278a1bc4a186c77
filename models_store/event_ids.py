"""The ids of events, as clients get them."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable
from functools import cached_property
from typing import Final

from models_store.errors import InvalidPosition
from models_store.event_feed import Position
from models_store.visibility import sees_everything

_NONCE_BYTES: Final = 8
_NUMBER_BYTES: Final = 8
_TAG_BYTES: Final = 8
_LENGTH: Final = _NONCE_BYTES + 2 * _NUMBER_BYTES + _TAG_BYTES


class EventIds:
    """A position moves with every event, also with those that are private to others: who reads it again and again would
    see when they are at work, and how much. Who does not see everything gets another text for it each time, which only
    this store can read (docs/decisions/0064)."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        """`secret` is that of the store; it is asked for when an id of that kind is made or read."""
        self._get_secret = secret

    def write(self, position: Position) -> str:
        """For the one whose request is answered."""
        if sees_everything():
            return str(position)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = b"".join(number.to_bytes(_NUMBER_BYTES, "big") for number in position)
        sealed = nonce + _xor(plain, self._pad(nonce))
        return base64.urlsafe_b64encode(sealed + self._tag(sealed)).decode().rstrip("=")

    def read(self, text: str) -> Position:
        """Raises InvalidPosition, also for a position of those who see everything: whether there are events behind one
        that was made up tells as much."""
        if sees_everything():
            return Position.parse(text)
        try:
            sent = base64.urlsafe_b64decode(f"{text}=".encode("ascii"))
        except (binascii.Error, UnicodeEncodeError):
            sent = b""
        sealed, tag = sent[:-_TAG_BYTES], sent[-_TAG_BYTES:]
        if len(sent) != _LENGTH or not hmac.compare_digest(tag, self._tag(sealed)):
            raise InvalidPosition(
                f"expected the `id` of an event as it was received, received {text[:50]!r}; leave it out to begin with "
                "what happens now"
            )
        nonce, hidden = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        plain = _xor(hidden, self._pad(nonce))
        return Position(int.from_bytes(plain[:_NUMBER_BYTES], "big"), int.from_bytes(plain[_NUMBER_BYTES:], "big"))

    def _pad(self, nonce: bytes) -> bytes:
        return hmac.digest(self._secret, b"pad" + nonce, "sha256")[: 2 * _NUMBER_BYTES]

    def _tag(self, sealed: bytes) -> bytes:
        return hmac.digest(self._secret, b"tag" + sealed, "sha256")[:_TAG_BYTES]

    @cached_property
    def _secret(self) -> bytes:
        return self._get_secret()


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
