"""Whether backups are whole: everything that they name is read and compared with its sha256."""

import hashlib
from collections.abc import Iterator

from models_store.backups.backup import Backups, FileEntry, file_key
from models_store.backups.bucket import Bucket
from models_store.backups.threads import map_in_threads
from models_store.errors import Damaged, NotFound
from models_store.frozen import Frozen


class Checked(Frozen):
    """Of all `backups`, `files` with `bytes` in all match their sha256; `faults` say which backups or files do not."""

    backups: int
    files: int
    bytes: int
    faults: tuple[str, ...]


def check_backups(bucket: Bucket) -> Checked:
    """Read every file of every backup once. Raises Unavailable."""
    backups = Backups(bucket)
    names, faults = backups.names(), list[str]()
    files = size = 0

    def check(file: tuple[FileEntry, str]) -> tuple[int, str | None]:
        entry, name = file
        digest, size = hashlib.sha256(), 0
        try:
            for piece in bucket.stream(file_key(entry.sha256), entry.bytes):
                digest.update(piece)
                size += len(piece)
        except NotFound:
            return 0, f"{name}: is missing"
        return size, None if digest.hexdigest() == entry.sha256 else f"{name}: does not match its sha256"

    for length, fault in map_in_threads(check, _distinct_files(backups, names, faults)):
        if fault is None:
            files += 1
            size += length
        else:
            faults.append(fault)
    return Checked(backups=len(names), files=files, bytes=size, faults=tuple(faults))


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
