"""The ids of events, as clients get them."""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable
from functools import cached_property
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models_store.event_feed import LOST, Position
from models_store.visibility import sees_everything

_NONCE_BYTES: Final = 12
_NUMBER_BYTES: Final = 8
_TAG_BYTES: Final = 16
_LENGTH: Final = _NONCE_BYTES + 2 * _NUMBER_BYTES + _TAG_BYTES


class EventIds:
    """A position moves with every event, also with those that are private to others: who reads it again and again would
    see when they are at work, and how much. Who does not see everything gets another text for it each time, which only
    this store can read: it is encrypted by AES-GCM (docs/decisions/0064)."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        """`secret` is that of the store; it is asked for when an id of that kind is made or read."""
        self._get_secret = secret

    def write(self, position: Position) -> str:
        """For the one whose request is answered."""
        if sees_everything():
            return str(position)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = b"".join(number.to_bytes(_NUMBER_BYTES, "big") for number in position)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, None)).decode().rstrip("=")

    def read(self, text: str) -> Position:
        """What others have received, or this store has not written, is lost: whether there are events behind a position
        that was made up tells as much. Raises InvalidPosition for what is no id of either kind."""
        sent = _decode(text)
        if sees_everything():
            return LOST if sent else Position.parse(text)
        if not sent:
            Position.parse(text)
            return LOST
        try:
            plain = self._cipher.decrypt(sent[:_NONCE_BYTES], sent[_NONCE_BYTES:], None)
        except InvalidTag:
            return LOST
        return Position(int.from_bytes(plain[:_NUMBER_BYTES], "big"), int.from_bytes(plain[_NUMBER_BYTES:], "big"))

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(hashlib.sha256(self._get_secret()).digest())


def _decode(text: str) -> bytes:
    """Of an id of those who do not see everything; b"" if it is none."""
    try:
        sent = base64.b64decode(f"{text}=".encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
    return sent if len(sent) == _LENGTH else b""
