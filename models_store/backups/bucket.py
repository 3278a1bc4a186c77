"""Objects below a prefix of a bucket, by the S3 API: created once, replaced by compare-and-swap, streamed.

Credentials, region and endpoint come from the environment, as for other programs (`AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`, roles of machines and pods): docs/operations.md.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Final

from models_store.errors import InvalidState, NotFound, StoreError, Unavailable

if TYPE_CHECKING:
    import obstore
    from obstore.store import S3Store

SCHEME: Final = "s3://"
# What a probe that was killed leaves begins with it.
PROBE: Final = "probe-"
PIECE_BYTES: Final = 8 << 20
# A part of an upload has 5 MiB at least, an upload 10,000 parts at most.
_MAX_PARTS = 9_000
_PARTS_AT_ONCE = 2
_LISTED_AT_ONCE = 1_000
# For a part of an upload, also over a line of 1 Mbit/s.
_REQUEST_SECONDS = 120.0
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_INSTALL = "backups in buckets need obstore, which is not installed: pip install 'trainyard[s3]'"


class Changed(StoreError):
    """The object is not the one that was expected: it exists already, was replaced or deleted since."""

    kind = "conflict"


class Bucket:
    """The objects below `s3://bucket/prefix`. A request that fails is repeated for up to `retry_seconds`.

    All methods may be called by several threads, and raise Unavailable if the bucket does not answer, or not to us.
    """

    def __init__(self, url: str, *, retry_seconds: float = 180.0) -> None:
        """Raises InvalidState if `url` is none of a bucket, Unavailable if obstore is not installed."""
        match = _URL.fullmatch(url)
        if match is None:
            raise InvalidState(f"{url} is not a bucket; expected s3://BUCKET or s3://BUCKET/PREFIX")
        self.url = url.rstrip("/")
        try:
            from obstore.store import S3Store  # noqa: PLC0415 - an optional dependency, 16 MB
        except ImportError as error:
            raise Unavailable(_INSTALL) from error
        self._store: S3Store = S3Store(
            match[1],
            prefix=(match[2] or "").strip("/") or None,
            # The server compares what it has received with it, and rejects what was damaged on the way.
            config={"checksum_algorithm": "sha256"},
            # Used only if AWS_ENDPOINT_URL begins with http:, as that of a server on the same machine.
            client_options={"allow_http": True, "timeout": timedelta(seconds=_REQUEST_SECONDS)},
            retry_config={"retry_timeout": timedelta(seconds=retry_seconds)},
        )

    def get(self, key: str) -> tuple[bytes, str]:
        """Return the content of an object and its tag. Raises NotFound."""
        with self._errors(key) as api:
            found = api.get(self._store, key)
            return bytes(found.bytes()), _tag(found.meta["e_tag"])

    def stream(self, key: str, size: int | None = None) -> Iterator[bytes]:
        """Yield the content of an object, which has `size` bytes if that is known, in pieces. Raises NotFound."""
        if size is not None and size <= PIECE_BYTES:
            yield self.get(key)[0]
            return
        with self._errors(key) as api:
            size = api.head(self._store, key)["size"]
            # Each by a request of its own, which has a time limit and is repeated.
            for start in range(0, size, PIECE_BYTES):
                yield bytes(api.get_range(self._store, key, start=start, end=min(start + PIECE_BYTES, size)))

    def put(self, key: str, data: bytes) -> None:
        """Write an object, or replace it."""
        with self._errors(key) as api:
            api.put(self._store, key, data, use_multipart=False)

    def upload(self, key: str, pieces: Iterator[bytes], size: int) -> None:
        """Write an object of about `size` bytes, which appears when `pieces` have ended; not if they raise."""
        with self._errors(key) as api:
            part = max(PIECE_BYTES, size // _MAX_PARTS)
            api.put(self._store, key, pieces, use_multipart=True, chunk_size=part, max_concurrency=_PARTS_AT_ONCE)

    def create(self, key: str, data: bytes) -> str:
        """Write an object that does not exist yet, and return its tag; of many callers one wins.

        Raises Changed. Callers use `data` that nobody else writes: a request whose answer was lost is repeated, and
        then meets what it has written itself.
        """
        return self._write_if(key, data, "create")

    def replace(self, key: str, data: bytes, tag: str) -> str:
        """Replace the object that has `tag`, and return its new tag. Raises Changed; `data` as for `create`."""
        return self._write_if(key, data, {"e_tag": tag})

    def _write_if(self, key: str, data: bytes, mode: obstore.PutMode) -> str:
        try:
            with self._errors(key) as api:
                return _tag(api.put(self._store, key, data, mode=mode, use_multipart=False)["e_tag"])
        except (Changed, NotFound):
            with suppress(NotFound):
                found, tag = self.get(key)
                if found == data:
                    return tag
            raise Changed(f"{self.url}/{key} has been written meanwhile by another process") from None

    def list(self, prefix: str | None = None) -> Iterator[str]:
        """Yield all keys, or those below the folder `prefix`, in no promised order; that of a folder itself, which
        consoles make, without its slash."""
        return (key for key, _ in self.list_sizes(prefix))

    def list_sizes(self, prefix: str | None = None) -> Iterator[tuple[str, int]]:
        """Yield keys as `list`, each with the bytes of its object."""
        with self._errors(prefix or "") as api:
            for objects in api.list(self._store, prefix, chunk_size=_LISTED_AT_ONCE):
                yield from ((each["path"], each["size"]) for each in objects)

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; one that is gone already is no error."""
        with self._errors("its objects") as api, suppress(FileNotFoundError):
            api.delete(self._store, keys)

    @contextmanager
    def _errors(self, key: str) -> Iterator[ModuleType]:
        import obstore  # noqa: PLC0415 - see __init__
        from obstore import exceptions  # noqa: PLC0415

        name = f"{self.url}/{key}"
        try:
            yield obstore
        except FileNotFoundError as error:
            raise NotFound(f"{name} does not exist ({_reason(error)})") from error
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError) as error:
            raise Changed(f"{name} has been written meanwhile by another process") from error
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise Unavailable(
                f"may not read or write {name} ({_reason(error)}); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
                f"the rights of that key"
            ) from error
        except exceptions.BaseError as error:
            raise Unavailable(
                f"cannot read or write {name} ({_reason(error)}); check AWS_ENDPOINT_URL, AWS_REGION, the credentials "
                f"and the network, then try again"
            ) from error


def check_bucket(bucket: Bucket) -> None:
    """Try what backups need of a bucket; takes some requests and leaves nothing.

    Raises Unavailable, which says what does not hold: several imitations of S3 overwrite silently.
    """
    key = f"{PROBE}{secrets.token_hex(8)}"
    try:
        tag = bucket.create(key, b"first")
        if _passes(lambda: bucket.create(key, b"second")):
            raise _unfit(bucket, "an object was created twice (If-None-Match)")
        if _passes(lambda: bucket.replace(key, b"third", '"0123456789abcdef0123456789abcdef"')):
            raise _unfit(bucket, "an object was replaced though its tag had changed (If-Match)")
        if not _passes(lambda: bucket.replace(key, b"fourth", tag)):
            raise _unfit(bucket, "an object could not be replaced with its tag (If-Match)")
        if bucket.get(key)[0] != b"fourth":
            raise _unfit(bucket, "an object that was replaced has its old content")
    finally:
        with suppress(Unavailable):
            bucket.delete([key])


def _passes(write: Callable[[], str]) -> bool:
    try:
        write()
    except Changed:
        return False
    return True


def _unfit(bucket: Bucket, what: str) -> Unavailable:
    return Unavailable(
        f"{bucket.url} does not keep what a backup needs: {what}; use a server with conditional writes, such as Amazon "
        f"S3, Ceph or MinIO in a current version"
    )


def _tag(tag: str | None) -> str:
    if tag is None:
        raise Unavailable("the bucket answers without ETags; use a server with conditional writes")
    return tag


def _reason(error: Exception) -> str:
    """The first line, without the address of each try; what follows is for debuggers."""
    return str(error).partition("\n")[0].strip().removesuffix(":")
