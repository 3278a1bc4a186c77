"""A backup of a store that may be in use, to a bucket: verified, and only what the bucket does not have is sent.

A record is read before its files, and again behind them, and what refers to other records is read before those, as for
a copy in a folder (models_store/copying.py).
"""

import gzip
import tempfile
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from models_store.artifacts import MANIFEST_FILE, read_manifest
from models_store.backups.backup import Backup, Backups, FileEntry, Listed
from models_store.backups.bucket import Bucket, check_bucket
from models_store.backups.content_index import ContentIndex
from models_store.backups.lock import BackupLock, hold_lock
from models_store.backups.pruning import prune
from models_store.backups.threads import map_in_threads
from models_store.backups.uploading import ReplacedError, Sent, Uploads
from models_store.errors import ClaimLost, Damaged, NotFound, StoreError
from models_store.stored_files import (
    LEFT_OUT,
    MAX_TRIES,
    UnreadableError,
    check_source,
    copying_order,
    list_entries,
    read_records,
    unfinished_in,
)


class BackedUp(Backup):
    """A backup that was made; `pruning_faults` say why older ones, or files that no backup has, were not removed."""

    pruning_faults: tuple[str, ...] = ()


def back_up(source: Path, bucket: Bucket, *, keep: int | None = None) -> BackedUp:
    """Back the store in `source` up to `bucket`, then remove all but the newest `keep` backups, if there are no faults.

    Raises InvalidState if `source` is not a store, also if it vanishes meanwhile, or `bucket` has something else; Busy
    if another backup is being made, ClaimLost if one began meanwhile, Unavailable, also if the bucket overwrites what
    it should not. Then there is no new backup, and what was sent is not sent again. Once there is one, nothing is
    raised: what pruning meets is in `pruning_faults`.
    """
    source = source.resolve()
    check_source(source)
    check_bucket(bucket)
    backups = Backups(bucket)
    backups.prepare()
    with hold_lock(bucket) as lock:
        try:
            with closing(ContentIndex(backups, lock.renew_if_due)) as index:
                backup = _BackingUp(source, backups, lock, index).run()
        except ClaimLost as error:
            raise ClaimLost(f"{error}; nothing of this one counts: start it again") from error
        faults = list[str]()
        if keep is not None and not backup.faults:
            try:
                prune(backups, keep, lock)
            except Damaged as error:
                faults.append(f"{error}; nothing is removed until that backup is not one of the newest {keep}")
            except StoreError as error:
                faults.append(f"{error}; the next backup with --keep removes what is left")
    return BackedUp(**dict(backup), pruning_faults=tuple(faults))


@dataclass
class _Read:
    """A record or a file; `listed` is None if it is gone or cannot be read."""

    listed: Listed | None = None
    kind: str | None = None
    verified: int = 0
    sent: Sent = field(default_factory=Sent)


class _BackingUp:
    def __init__(self, source: Path, backups: Backups, lock: BackupLock, index: ContentIndex) -> None:
        self._source = source
        self._backups = backups
        self._lock = lock
        self._uploads = Uploads(backups.bucket, index)
        self._earlier = _Earlier(backups)
        self._records = Counter[str]()
        self._sent = Sent()
        self._files = self._bytes = self._verified = 0

    def run(self) -> Backup:
        began_at, name = datetime.now(UTC), self._backups.next_name()
        with tempfile.TemporaryFile() as spool:
            with gzip.GzipFile(fileobj=spool, mode="wb", mtime=0) as listing:
                for path in sorted(list_entries(self._source, LEFT_OUT), key=copying_order):
                    # One kind after the other: what refers to others is read before those.
                    self._copy(list_entries(path) if path.is_dir() else [path], listing)
            # A disk that is no longer mounted is no empty store.
            check_source(self._source)
            sha256 = self._backups.store_listing(spool)
        backup = Backup(
            name=name,
            source=str(self._source),
            began_at=began_at,
            ended_at=datetime.now(UTC),
            records=dict(self._records),
            files=self._files,
            bytes=self._bytes,
            copied_files=self._sent.files,
            copied_bytes=self._sent.bytes,
            verified=self._verified,
            faults=tuple(self._sent.faults),
            listing=sha256,
        )
        self._lock.renew()
        self._backups.publish(backup)
        return backup

    def _copy(self, paths: Iterable[Path], listing: gzip.GzipFile) -> None:
        found = ((path, self._earlier.find(self._name(path))) for path in paths)
        for read in map_in_threads(self._read, found, self._lock.renew_if_due):
            self._add(read, listing)

    def _add(self, read: _Read, listing: gzip.GzipFile) -> None:
        self._sent.files += read.sent.files
        self._sent.bytes += read.sent.bytes
        self._sent.faults += read.sent.faults
        self._verified += read.verified
        if read.listed is None:
            return
        if read.kind is not None:
            self._records[read.kind] += 1
        for _, entry in read.listed.entries():
            self._files += 1
            self._bytes += entry.bytes
        listing.write(read.listed.model_dump_json().encode() + b"\n")

    def _read(self, found: tuple[Path, Listed | None]) -> _Read:
        path, earlier = found
        if path.is_dir():
            return self._read_record(path, dict(earlier.files) if earlier else {})
        read = _Read()
        if (entry := self._store_file(path, earlier.file if earlier else None, read.sent)) is not None:
            read.listed = Listed(path=self._name(path), file=entry)
        return read

    def _read_record(self, folder: Path, known: dict[str, FileEntry]) -> _Read:
        read = _Read(kind=folder.parent.name)
        try:
            for _ in range(MAX_TRIES):
                read.sent.faults.clear()
                records = read_records(folder)
                files, folders = dict[str, FileEntry](), list[str]()
                self._walk(folder, "", (known, records), (files, folders), read.sent)
                for name, (data, time_ns) in records.items():
                    files[name] = self._uploads.store_bytes(data, time_ns, read.sent)
                read.verified = self._verify(folder, files, read.sent)
                if not folder.is_dir():
                    return _Read(sent=Sent(read.sent.files, read.sent.bytes))
                if read_records(folder) == records and not read.sent.faults:
                    break
                known.update(files)
        except UnreadableError as error:
            read.sent.faults.append(f"{self._name(error.path)}: {error.reason}")
            return read
        read.listed = Listed(path=self._name(folder), files=files, folders=tuple(folders))
        return read

    def _walk(
        self,
        folder: Path,
        prefix: str,
        have: tuple[dict[str, FileEntry], Container[str]],
        found: tuple[dict[str, FileEntry], list[str]],
        sent: Sent,
    ) -> None:
        """Add files and folders in `folder` to those `found`; known ones, and records that were read, in `have`."""
        known, records = have
        for path in list_entries(folder, unfinished_in(folder)):
            name = f"{prefix}{path.name}"
            if path.is_dir():
                found[1].append(name)
                self._walk(path, f"{name}/", have, found, sent)
            elif name not in records and (entry := self._store_file(path, known.get(name), sent)) is not None:
                found[0][name] = entry

    def _store_file(self, path: Path, known: FileEntry | None, sent: Sent) -> FileEntry | None:
        """None if it was deleted meanwhile, or is a fault."""
        try:
            return self._uploads.store_file(path, known, sent)
        except FileNotFoundError:
            return None
        except OSError as error:
            sent.faults.append(f"{self._name(path)}: {error.strerror}")
        except ReplacedError:
            sent.faults.append(f"{self._name(path)}: changed while it was read")
        return None

    def _verify(self, folder: Path, files: dict[str, FileEntry], sent: Sent) -> int:
        """Compare published results with their manifests, and return how many match."""
        verified = 0
        for name in [name for name in files if Path(name).name == MANIFEST_FILE]:
            base = Path(name).parent
            try:
                manifest = read_manifest(folder / base)
            except (Damaged, NotFound) as error:
                sent.faults.append(f"{self._name(folder / base)}: {error}")
                continue
            wrong = [
                each for each, entry in manifest.files.items() if not _is(files.get(str(base / each)), entry.sha256)
            ]
            sent.faults += [
                f"{self._name(folder / base / each)}: does not match its sha256 in {MANIFEST_FILE}" for each in wrong
            ]
            verified += not wrong
        return verified

    def _name(self, path: Path) -> str:
        return path.relative_to(self._source).as_posix()


class _Earlier:
    """The files of the newest backup, which are asked for in the order in which they were listed."""

    def __init__(self, backups: Backups) -> None:
        names = backups.names()
        self._listed = _files_of(backups, names[-1]) if names else iter(())
        self._next: Listed | None = None
        self._advance()

    def find(self, path: str) -> Listed | None:
        while self._next is not None and _order(self._next.path) < _order(path):
            self._advance()
        return self._next if self._next is not None and self._next.path == path else None

    def _advance(self) -> None:
        self._next = next(self._listed, None)


def _files_of(backups: Backups, name: str) -> Iterator[Listed]:
    """None of one that is damaged: all files are read, and those that the bucket has are not sent."""
    try:
        yield from backups.list_files(backups.read(name))
    except Damaged:
        return


def _order(path: str) -> tuple[tuple[int, str], list[str]]:
    first, *rest = path.split("/")
    return copying_order(Path(first)), rest


def _is(entry: FileEntry | None, sha256: str) -> bool:
    return entry is not None and entry.sha256 == sha256
