"""A backup in a bucket becomes a store in a folder again, and each of its files is compared with its sha256."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models_store.backups.backup import Backup, Backups, FileEntry, file_key
from models_store.backups.bucket import Bucket
from models_store.backups.threads import map_in_threads
from models_store.errors import InvalidState, NotFound
from models_store.files import create_private, make_private, storage_errors, temporary_name
from models_store.frozen import Frozen

UNFINISHED: Final = ".restoring-"
_LAST: Final = "experiments"


class Restored(Frozen):
    """What was restored: of `files`, with `bytes` in all, each matches its sha256; `faults` say which the backup does
    not have, or did not match their manifest when it was made, then which are missing or damaged in the bucket."""

    backup: str
    records: dict[str, int]
    files: int
    bytes: int
    faults: tuple[str, ...]


def restore(bucket: Bucket, target: Path, name: str | None = None) -> Restored:
    """Restore the backup `name`, the newest if None, to `target`, an empty folder or one to which it was not restored
    to the end, of which what is there stays. Until it ends no store is there.

    Raises NotFound, InvalidState if `target` has something else, Damaged, Newer, StorageFull, Unavailable.
    """
    backups = Backups(bucket)
    backup = find_backup(backups, name)
    target = target.resolve()
    _check_target(target, backup.name)
    with storage_errors(f"what is restored to {target}"):
        return _Restoring(backups, backup, target).run()


def find_backup(backups: Backups, name: str | None) -> Backup:
    """Raises NotFound."""
    if name is None:
        names = backups.names()
        if not names:
            raise NotFound(f"{backups.bucket.url} has no backup")
        name = names[-1]
    return backups.read(name)


def _check_target(target: Path, name: str) -> None:
    present = {path.name for path in target.iterdir()} if target.is_dir() else set()
    unfinished = sorted(each for each in present if each.startswith(UNFINISHED))
    if unfinished and unfinished != [UNFINISHED + name]:
        other = unfinished[0].removeprefix(UNFINISHED)
        raise InvalidState(f"backup {other} was not restored to the end in {target}; restore it, or empty the folder")
    if present and not unfinished:
        raise InvalidState(f"{target} is not empty; name another folder")


class _Restoring:
    def __init__(self, backups: Backups, backup: Backup, target: Path) -> None:
        self._backups = backups
        self._backup = backup
        self._target = target
        self._place = target / f"{UNFINISHED}{backup.name}"

    def run(self) -> Restored:
        make_private(self._target)
        make_private(self._place)
        for path in self._target.iterdir():
            if path != self._place:  # it was interrupted within the last step
                os.rename(path, self._place / path.name)
        make_private(self._place / _LAST)
        files = size = 0
        faults = list[str]()
        for fetched, fault in map_in_threads(self._fetch, self._files()):
            files += fault is None
            size += 0 if fault else fetched
            faults += [fault] if fault else []
        # Once, instead of each file: millions are small.
        os.sync()
        for path in sorted(self._place.iterdir(), key=lambda path: path.name == _LAST):
            os.rename(path, self._target / path.name)
        self._place.rmdir()
        os.sync()
        return Restored(
            backup=self._backup.name,
            records=self._backup.records,
            files=files,
            bytes=size,
            faults=(*(f"{fault} (when it was backed up)" for fault in self._backup.faults), *faults),
        )

    def _files(self) -> Iterator[tuple[str, FileEntry]]:
        """All files, when there is a folder for each."""
        for listed in self._backups.list_files(self._backup):
            folder = self._place / listed.path
            make_private(folder.parent)
            if listed.file is None:
                make_private(folder)
            for name in listed.folders:
                make_private(folder / name)
            yield from listed.entries()

    def _fetch(self, file: tuple[str, FileEntry]) -> tuple[int, str | None]:
        """Return its size, and what is wrong with it."""
        name, entry = file
        path = self._place / name
        if _is_restored(path, entry):
            return entry.bytes, None
        temporary, digest = temporary_name(path), hashlib.sha256()
        try:
            with create_private(temporary) as copy:
                for piece in self._backups.bucket.stream(file_key(entry.sha256), entry.bytes):
                    digest.update(piece)
                    copy.write(piece)
            if digest.hexdigest() != entry.sha256:
                return 0, f"{name}: does not match its sha256"
            os.utime(temporary, ns=(entry.time_ns, entry.time_ns))
            os.replace(temporary, path)
        except NotFound:
            return 0, f"{name}: is missing in the bucket"
        finally:
            temporary.unlink(missing_ok=True)
        return entry.bytes, None


def _is_restored(path: Path, entry: FileEntry) -> bool:
    """Whether it was, before an interruption: what a machine that lost its power had not synced has size and time, and
    other content."""
    try:
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            if (stat.st_size, stat.st_mtime_ns) != (entry.bytes, entry.time_ns):
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256
    except FileNotFoundError:
        return False
