"""Images that were drawn before, found by what they are drawn from."""

from collections import OrderedDict
from hashlib import sha256
from threading import Lock

import orjson
from pydantic import BaseModel

from api import __version__

_BYTES = 8_000_000


def key_of(kind: str, drawn_from: object) -> str:
    """The same for the same `drawn_from`, models, dataclasses and JSON, in this release: another may draw it
    otherwise."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY
    data = orjson.dumps([__version__, kind, drawn_from], default=_plain, option=options)
    return sha256(data).hexdigest()[:32]


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"a {type(value).__name__} has no JSON")


class Rendered:
    """The images last asked for, up to so many bytes of them. For any number of threads."""

    def __init__(self, max_bytes: int = _BYTES) -> None:
        self._max_bytes = max_bytes
        self._images: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            if key in self._images:
                self._images.move_to_end(key)
            return self._images.get(key)

    def put(self, key: str, image: bytes) -> None:
        with self._lock:
            self._bytes += len(image) - len(self._images.pop(key, b""))
            self._images[key] = image
            while self._bytes > self._max_bytes:
                _, forgotten = self._images.popitem(last=False)
                self._bytes -= len(forgotten)
