"""A copy of a store that may be in use, for a backup or to move it: verified, and of what has changed alone.

A store publishes results before the record that names them, and removes them after it. So a record is read before its
files and written behind them, and what refers to other records is copied before those: whatever a copy names is in it.
"""

import errno
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from models_store.artifacts import MANIFEST_FILE, Manifest, read_manifest
from models_store.errors import Damaged, InvalidState, NotFound
from models_store.files import (
    PRIVATE_FILE,
    create_private,
    make_private,
    storage_errors,
    temporary_name,
    write_atomic,
)
from models_store.frozen import Frozen
from models_store.stored_files import (
    COPY_FILE,
    LEFT_OUT,
    MAX_TRIES,
    UnreadableError,
    check_source,
    copying_order,
    list_entries,
    read_records,
    unfinished_in,
)

_PIECE_BYTES = 1 << 20
_OF_THE_COPY: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


class Copy(Frozen):
    """What was copied.

    `records` counts experiments, datasets and so on, by the name of their folder; `verified` are published results that
    match the sha256 in their manifest; `kept` is what the copy has and the store no longer; `faults` say which files
    could not be read, or do not match their manifest.
    """

    source: str
    began_at: datetime
    ended_at: datetime
    records: dict[str, int]
    copied_files: int
    copied_bytes: int
    unchanged_files: int
    verified: int
    kept: tuple[str, ...]
    faults: tuple[str, ...]


def copy_store(source: Path, target: Path, *, delete: bool = False) -> Copy:
    """Copy the store in `source` to `target`, an empty folder or an earlier copy, of which files with the same size and
    time stay. `delete` removes what the store no longer has, unless there are faults. Nothing is written to `source`.

    Raises InvalidState if `source` is not a store, also if it vanishes meanwhile, or `target` is neither empty nor a
    copy; StorageFull, Unavailable.
    """
    source, target = source.resolve(), target.resolve()
    check_source(source)
    if target == source or source in target.parents or target in source.parents:
        raise InvalidState(f"cannot copy {source} to {target}, one of which contains the other; name another folder")
    if target.is_dir() and any(target.iterdir()) and not (target / COPY_FILE).is_file():
        raise InvalidState(f"{target} is neither empty nor a copy (it has no {COPY_FILE}); name another folder")
    with storage_errors(f"the copy in {target}"):
        return _Copying(source, target).run(delete)


class _Copying:
    def __init__(self, source: Path, target: Path) -> None:
        self._source = source
        self._target = target
        self._records = Counter[str]()
        self._copied = self._bytes = self._unchanged = self._verified = 0
        self._faults: list[str] = []
        self._mismatched = set[Path]()

    def run(self, delete: bool) -> Copy:
        began_at = datetime.now(UTC)
        make_private(self._target)
        # From now on it can be continued.
        (self._target / COPY_FILE).touch(PRIVATE_FILE)
        for path in sorted(list_entries(self._source, LEFT_OUT), key=copying_order):
            if path.is_dir():
                self._copy_kind(path, self._target / path.name)
            else:
                self._copy_file(path, self._target / path.name)
        # A disk that is no longer mounted must not empty its copy.
        check_source(self._source)
        kept = sorted(self._gone())
        if delete and not self._faults:
            for path in kept:
                _remove(path)
            kept = []
        # Once, instead of each file: millions are small.
        os.sync()
        copy = Copy(
            source=str(self._source),
            began_at=began_at,
            ended_at=datetime.now(UTC),
            records=dict(self._records),
            copied_files=self._copied,
            copied_bytes=self._bytes,
            unchanged_files=self._unchanged,
            verified=self._verified,
            kept=tuple(str(path.relative_to(self._target)) for path in kept),
            faults=tuple(self._faults),
        )
        write_atomic(self._target / COPY_FILE, copy.model_dump_json(indent=1).encode())
        return copy

    def _copy_kind(self, kind: Path, target: Path) -> None:
        """All records of a kind, and the files beside them."""
        make_private(target)
        for path in list_entries(kind):
            if path.is_dir():
                self._copy_record(path, target / path.name)
                self._records[kind.name] += 1
            else:
                self._copy_file(path, target / path.name)

    def _copy_record(self, folder: Path, target: Path) -> None:
        """A new one appears whole, by one rename; one that is deleted meanwhile does not, and leaves its copy."""
        place = target if target.is_dir() else temporary_name(target)
        make_private(place)
        faults = len(self._faults)
        try:
            for _ in range(MAX_TRIES):
                del self._faults[faults:]
                records = read_records(folder)
                self._mirror(folder, place, records)
                for name, record in records.items():
                    self._write_record(place / name, *record)
                if not folder.is_dir():
                    del self._faults[faults:]
                    return
                if read_records(folder) == records and len(self._faults) == faults:
                    break
            if place != target:
                os.rename(place, target)
        except UnreadableError as error:
            self._faults.append(f"{error.path.relative_to(self._source)}: {error.reason}")
        finally:
            if place != target:
                shutil.rmtree(place, ignore_errors=True)

    def _write_record(self, target: Path, data: bytes, time_ns: int) -> None:
        if _is_same(target, len(data), time_ns):
            self._unchanged += 1
            return
        with _replace(target, time_ns) as file:
            file.write(data)
        self._copied += 1
        self._bytes += len(data)

    def _mirror(self, folder: Path, target: Path, besides: Container[str] = ()) -> None:
        """Copy what is in `folder`, and remove from `target` what is not, `besides` some files."""
        copied, names = self._copied, set[str]()
        for path in list_entries(folder, unfinished_in(folder)):
            names.add(path.name)
            if path.is_dir():
                make_private(target / path.name)
                self._mirror(path, target / path.name)
            elif path.name not in besides:
                self._copy_file(path, target / path.name)
        if not folder.is_dir():
            return
        for path in list(target.iterdir()):
            if path.name not in names:
                _remove(path)
        if MANIFEST_FILE in names and (self._copied > copied or target in self._mismatched):
            self._verify(target, folder.relative_to(self._source))

    def _copy_file(self, path: Path, target: Path) -> None:
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                if _is_same(target, stat.st_size, stat.st_mtime_ns):
                    self._unchanged += 1
                    return
                with _replace(target, stat.st_mtime_ns) as copy:
                    shutil.copyfileobj(file, copy, _PIECE_BYTES)
        except FileNotFoundError:
            return  # deleted meanwhile
        except OSError as error:
            if error.errno in _OF_THE_COPY:
                raise
            self._faults.append(f"{path.relative_to(self._source)}: {error.strerror}")
            return
        self._copied += 1
        self._bytes += stat.st_size

    def _verify(self, folder: Path, name: Path) -> None:
        """The published result in `folder`, the copy of `name`."""
        try:
            manifest = read_manifest(folder)
        except (Damaged, NotFound) as error:
            self._faults.append(f"{name}: {error}")
            return
        wrong = [each for each in manifest.files if not _matches(folder / each, manifest, each)]
        self._faults += [f"{name / each}: does not match its sha256 in {MANIFEST_FILE}" for each in wrong]
        if wrong:
            self._mismatched.add(folder)
        else:
            self._mismatched.discard(folder)
            self._verified += 1

    def _gone(self) -> Iterator[Path]:
        """What the copy has, records and files beside them, and the store no longer."""
        for kind in list_entries(self._target, LEFT_OUT):
            if kind.is_dir():
                for path in list_entries(kind):
                    if not (self._source / kind.name / path.name).exists():
                        yield path


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def _replace(path: Path, time_ns: int) -> Iterator[BinaryIO]:
    """Open a file that replaces `path`, with the time of its original, when the block ends without an error."""
    temporary = temporary_name(path)
    try:
        with create_private(temporary) as file:
            yield file
        os.utime(temporary, ns=(time_ns, time_ns))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _is_same(path: Path, size: int, time_ns: int) -> bool:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (size, time_ns)


def _matches(path: Path, manifest: Manifest, name: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == manifest.files[name].sha256
    except FileNotFoundError:
        return False
