"""Old backups, and the files that no other backup has."""

from itertools import islice

from models_store.backups.backup import Backups, file_key
from models_store.backups.lock import BackupLock

_REMOVED_AT_ONCE = 1_000


def prune(backups: Backups, keep: int, lock: BackupLock) -> None:
    """Remove all but the newest `keep` backups, at least one, then files that none of those has, also of backups that
    were interrupted. About 100 bytes of memory for each file that stays.

    Raises Damaged if a backup that is kept cannot be read: then nothing was removed; ClaimLost, Unavailable: then
    nothing that is needed was.
    """
    names = backups.names()
    kept = set[bytes]()
    for name in names[-keep:]:
        backup = backups.read(name)
        kept.add(bytes.fromhex(backup.listing))
        for listed in backups.list_files(backup):
            kept.update(bytes.fromhex(entry.sha256) for _, entry in listed.entries())
            lock.renew_if_due()
    lock.renew()
    # Before their files: a backup is whole or not there.
    for name in names[:-keep]:
        backups.remove(name)
    unused = (file_key(sha256) for sha256, _ in backups.contents() if bytes.fromhex(sha256) not in kept)
    while keys := list(islice(unused, _REMOVED_AT_ONCE)):
        lock.renew_if_due()
        backups.bucket.delete(keys)
