"""Whether backups are whole: everything that they name is read and compared with its sha256.

A damaged object has the name and the size of the sound one, so that backups would take it for that: it is removed.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

from models_store.backups.backup import Backups, FileEntry, file_key
from models_store.backups.bucket import Bucket
from models_store.backups.lock import hold_lock
from models_store.backups.threads import map_in_threads
from models_store.errors import Damaged, NotFound, StoreError
from models_store.frozen import Frozen

_MISSING: Final = "is missing"


class Checked(Frozen):
    """Of all `backups`, `files` with `bytes` in all match their sha256; `faults` say which backups or files do not, and
    `removed` which files were damaged in the bucket, and no longer are there: the next backup sends them again."""

    backups: int
    files: int
    bytes: int
    faults: tuple[str, ...]
    removed: tuple[str, ...]


def check_backups(bucket: Bucket) -> Checked:
    """Read every file of every backup once, and what does not match its sha256 twice; then remove it, unless a backup
    is being made. Raises Unavailable if they cannot be read."""
    backups = Backups(bucket)
    names, faults = backups.names(), list[str]()
    damaged, removed = list[tuple[FileEntry, str]](), list[str]()
    files = size = 0
    read = map_in_threads(lambda file: (file, _find_fault(bucket, file[0])), _distinct_files(backups, names, faults))
    for (entry, name), fault in read:
        if fault is None:
            files += 1
            size += entry.bytes
            continue
        faults.append(f"{name}: {fault}")
        if fault != _MISSING:
            damaged.append((entry, name))
    if damaged:
        try:
            removed.extend(_remove(bucket, damaged))
        except StoreError as error:
            faults.append(f"what is damaged was not removed, and is not sent again: {error}")
    return Checked(backups=len(names), files=files, bytes=size, faults=tuple(faults), removed=tuple(removed))


def _find_fault(bucket: Bucket, entry: FileEntry) -> str | None:
    digest = hashlib.sha256()
    try:
        for piece in bucket.stream(file_key(entry.sha256), entry.bytes):
            digest.update(piece)
    except NotFound:
        return _MISSING
    return None if digest.hexdigest() == entry.sha256 else "does not match its sha256"


def _remove(bucket: Bucket, damaged: list[tuple[FileEntry, str]]) -> Iterator[str]:
    """Remove those that are still damaged, and yield their names. Raises Busy, ClaimLost, Unavailable."""
    with hold_lock(bucket) as lock:

        def is_damaged(file: tuple[FileEntry, str]) -> bool:
            return _find_fault(bucket, file[0]) not in (None, _MISSING)

        read_again = map_in_threads(is_damaged, damaged, lock.renew_if_due)
        for (entry, name), is_still in zip(damaged, read_again, strict=True):
            if is_still:
                bucket.delete([file_key(entry.sha256)])
                yield name


def _distinct_files(backups: Backups, names: list[str], faults: list[str]) -> Iterator[tuple[FileEntry, str]]:
    """Each once, with the newest name that it has; backups that cannot be read are added to `faults`."""
    seen = set[bytes]()
    for name in reversed(names):
        try:
            for listed in backups.list_files(backups.read(name)):
                for path, entry in listed.entries():
                    if (digest := bytes.fromhex(entry.sha256)) not in seen:
                        seen.add(digest)
                        yield entry, f"{name}: {path}"
        except (Damaged, NotFound) as error:
            faults.append(str(error))
