"""Pictures that were drawn before, found by what they are drawn from."""

from collections import OrderedDict
from hashlib import sha256
from threading import Lock

import orjson

from api import __version__

_BYTES = 8_000_000


def key_of(kind: str, drawn_from: object) -> str:
    """The same for the same `drawn_from`, dataclasses and JSON, in this release: another may draw it otherwise."""
    data = orjson.dumps([__version__, kind, drawn_from], option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
    return sha256(data).hexdigest()[:32]


class Rendered:
    """The pictures last asked for, up to so many bytes of them. For any number of threads."""

    def __init__(self, most_bytes: int = _BYTES) -> None:
        self._most_bytes = most_bytes
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
            return self._pictures.get(key)

    def put(self, key: str, picture: bytes) -> None:
        with self._lock:
            self._bytes += len(picture) - len(self._pictures.pop(key, b""))
            self._pictures[key] = picture
            while self._bytes > self._most_bytes:
                _, forgotten = self._pictures.popitem(last=False)
                self._bytes -= len(forgotten)
