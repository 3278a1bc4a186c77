"""HTTP caching: entity tags, conditional requests (RFC 9110, 13.1.2), and images rendered before."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from hashlib import sha256
from threading import Lock
from typing import Annotated

import orjson
from cachetools import LRUCache
from fastapi import Depends, Header, Response
from pydantic import BaseModel

from settings import VERSION

_MAX_BYTES = 8_000_000


def etag_of(kind: str, source: object) -> str:
    """Quoted, as in the header. The same for the same `source`, models, dataclasses, arrays and JSON, in this release:
    another one may render it differently."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY
    data = orjson.dumps([VERSION, kind, source], default=_dump_model, option=options)
    return f'"{sha256(data).hexdigest()[:32]}"'


def _dump_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"a {type(value).__name__} has no JSON")


class Validators:
    """The entity tags in a request's `If-None-Match`."""

    def __init__(self, if_none_match: Annotated[str, Header(description="ETags of answers that the client has")] = ""):
        self._tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}

    def match(self, etag: str) -> bool:
        return not self._tags.isdisjoint({etag, "*"})


ValidatorsDep = Annotated[Validators, Depends()]


def cache_headers(etag: str) -> dict[str, str]:
    """Clients may keep the answer, and ask each time whether it still holds."""
    return {"ETag": etag, "Cache-Control": "no-cache"}


def conditional(
    body: str | bytes, media_type: str, validators: Validators, headers: Mapping[str, str] | None = None
) -> Response:
    """The body, unless the client has it; with `headers` in either case."""
    etag = etag_of(media_type, body if isinstance(body, str) else sha256(body).hexdigest())
    if validators.match(etag):
        return not_modified(etag, headers)
    return Response(body, media_type=media_type, headers={**(headers or {}), **cache_headers(etag)})


def not_modified(etag: str, headers: Mapping[str, str] | None = None) -> Response:
    """`headers` are those of the whole answer that caches go by, such as `Vary` (RFC 9110, 15.4.5)."""
    return Response(status_code=304, headers={**(headers or {}), **cache_headers(etag)})


class RenderCache:
    """The images rendered last, by ETag, up to `max_bytes` of them. Safe for any number of threads: an image that
    several ask for at once is rendered for all of them."""

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._images: LRUCache[str, bytes] = LRUCache(max_bytes, getsizeof=len)
        self._underway: dict[str, Future[bytes]] = {}
        self._lock = Lock()

    def get(self, etag: str, render: Callable[[], bytes]) -> bytes:
        """The cached image, or that of `render`, which is then cached. Raises what `render` raises."""
        with self._lock:
            image = self._images.get(etag)
            if image is not None:
                return image
            awaited = self._underway.get(etag)
            future = awaited or self._underway.setdefault(etag, Future())
        if awaited is None:
            self._render(etag, render, future)
        return future.result()

    def _render(self, etag: str, render: Callable[[], bytes], future: Future[bytes]) -> None:
        try:
            image = render()
        except BaseException as error:
            self._end(etag, None)
            future.set_exception(error)
        else:
            self._end(etag, image)
            future.set_result(image)

    def _end(self, etag: str, image: bytes | None) -> None:
        with self._lock:
            del self._underway[etag]
            if image is not None and len(image) <= self._images.maxsize:
                self._images[etag] = image
