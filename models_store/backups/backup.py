"""How backups lie in a bucket: `backups/NAME.json` describes one and names the listing of its files, `files/` has the
content of each by its sha256, once for all backups. What describes a backup is written last: it is whole or not there.
"""

import gzip
import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BufferedRandom
from pathlib import PurePosixPath
from typing import Annotated, Final, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from models_store.backups.bucket import PIECE_BYTES, PROBE, Bucket
from models_store.errors import Damaged, InvalidState, NotFound
from models_store.frozen import Frozen
from models_store.versions import SCHEMA_VERSION, Stored

FILES: Final = "files"
_BACKUPS: Final = "backups"
_MARKER: Final = "trainyard.json"
# Names sort by time; two in one millisecond differ by one.
_TIME = "%Y%m%dT%H%M%S.%f"

_SHA256: Final = re.compile("[0-9a-f]{64}")

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


def _check_path(path: str) -> str:
    """Of what is read from a bucket nothing is written beside the folder that it is restored to."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\0" in path or any(part.startswith(".") for part in parts):
        raise ValueError(f"{path!r} is not a path of a store")
    return path


StorePath = Annotated[str, AfterValidator(_check_path)]


class FileEntry(NamedTuple):
    sha256: Sha256
    bytes: int
    time_ns: int


class Listed(Frozen):
    """A file of a store, or the folder of a record, `files` and `folders` in it by their paths from there."""

    path: StorePath
    file: FileEntry | None = None
    files: dict[StorePath, FileEntry] = Field(default_factory=dict)
    folders: tuple[StorePath, ...] = ()

    def entries(self) -> Iterator[tuple[str, FileEntry]]:
        """All files, by their paths from the folder of the store."""
        if self.file is not None:
            yield self.path, self.file
        for name, entry in self.files.items():
            yield f"{self.path}/{name}", entry


class Backup(Stored):
    """One backup.

    `records` counts experiments, datasets and so on, by the name of their folder; of `files`, with `bytes` in all,
    `copied_files` had to be sent, the others the bucket had; `verified` are published results that match the sha256 in
    their manifest; `faults` say which files could not be read, or do not match their manifest; `listing` is the sha256
    of the listing.
    """

    name: str
    source: str
    began_at: datetime
    ended_at: datetime
    records: dict[str, int]
    files: int
    bytes: int
    copied_files: int
    copied_bytes: int
    verified: int
    faults: tuple[str, ...]
    listing: Sha256


def file_key(sha256: str) -> str:
    return f"{FILES}/{sha256[:2]}/{sha256}"


class Backups:
    """The backups in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def prepare(self) -> None:
        """Make an empty prefix one for backups. Raises InvalidState if it has something else."""
        try:
            self.bucket.get(_MARKER)
        except NotFound:
            # The folder itself, as consoles make it, has an empty key.
            if not all(not key or key.startswith(PROBE) for key in self.bucket.list()):
                raise InvalidState(
                    f"{self.bucket.url} is neither empty nor has backups (it has no {_MARKER}); name another prefix"
                ) from None
            self.bucket.put(_MARKER, json.dumps({"schema_version": SCHEMA_VERSION}).encode())

    def names(self) -> list[str]:
        """The names of all backups, the oldest first. Other objects below `backups/` are not ours."""
        stems = ((key, PurePosixPath(key).stem) for key in self.bucket.list(_BACKUPS))
        return sorted(name for key, name in stems if key == _key(name) and _time_of(name) is not None)

    def contents(self) -> Iterator[tuple[str, int]]:
        """The sha256 that each object with content of files, or a listing, is named by, and its size in bytes. Others
        below `files/` are not ours."""
        for key, size in self.bucket.list_sizes(FILES):
            sha256 = PurePosixPath(key).name
            if _SHA256.fullmatch(sha256) and key == file_key(sha256):
                yield sha256, size

    def read(self, name: str) -> Backup:
        """Raises NotFound, which names the others, Damaged, Newer."""
        try:
            data, _ = self.bucket.get(_key(name))
        except NotFound as error:
            known = ", ".join(self.names()[-5:]) or "none"
            raise NotFound(f"{self.bucket.url} has no backup {name}; the newest are: {known}") from error
        try:
            return Backup.model_validate_json(data)
        except ValidationError as error:
            raise Damaged(f"backup {name} does not parse: it was changed after it was made") from error

    def next_name(self) -> str:
        """A name behind all others, also if the clock was set back."""
        names, now = self.names(), datetime.now(UTC)
        last = _time_of(names[-1]) if names else None
        if last is not None:
            now = max(now, last + timedelta(milliseconds=1))
        return _name_at(now)

    def publish(self, backup: Backup) -> None:
        """From now on it is one. Raises Changed."""
        self.bucket.create(_key(backup.name), backup.model_dump_json(indent=1).encode())

    def remove(self, name: str) -> None:
        """It is one no longer; its files stay."""
        self.bucket.delete([_key(name)])

    def store_listing(self, listing: BufferedRandom) -> str:
        """Store the listing in a file, gzip of a line of JSON for each `Listed`, and return its sha256."""
        listing.seek(0)
        sha256 = hashlib.file_digest(listing, "sha256").hexdigest()
        size = listing.tell()
        listing.seek(0)
        self.bucket.upload(file_key(sha256), iter(lambda: listing.read(PIECE_BYTES), b""), size)
        return sha256

    def list_files(self, backup: Backup) -> Iterator[Listed]:
        """All files of a backup, in the order in which they were copied. Raises Damaged, before the first one, if the
        listing is not what was stored."""
        with tempfile.TemporaryFile() as spool:
            digest = hashlib.sha256()
            try:
                for piece in self.bucket.stream(file_key(backup.listing)):
                    digest.update(piece)
                    spool.write(piece)
            except NotFound as error:
                raise Damaged(f"the listing of backup {backup.name} is missing") from error
            if digest.hexdigest() != backup.listing:
                raise Damaged(f"the listing of backup {backup.name} does not match its sha256")
            spool.seek(0)
            with gzip.GzipFile(fileobj=spool) as lines:
                try:
                    yield from map(Listed.model_validate_json, lines)
                except ValidationError as error:
                    raise Damaged(f"the listing of backup {backup.name} is not one of a store: {error}") from error


def _key(name: str) -> str:
    return f"{_BACKUPS}/{name}.json"


def _name_at(time: datetime) -> str:
    return f"{time.strftime(_TIME)[:-3]}Z"


def _time_of(name: str) -> datetime | None:
    """None if it is not the name of a backup."""
    try:
        time = datetime.strptime(name.removesuffix("Z"), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return time if _name_at(time) == name else None
