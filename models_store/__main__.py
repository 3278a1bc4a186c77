"""`python -m models_store copy|list|check`: what is done to a store, and to its backups, without the service."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from models_store.backups.backing_up import BackedUp, back_up
from models_store.backups.backup import Backup, Backups
from models_store.backups.bucket import SCHEME, Bucket, check_bucket
from models_store.backups.checking import Checked, check_backups
from models_store.backups.restoring import Restored, restore
from models_store.copying import Copy, copy_store
from models_store.errors import InvalidState, NotFound, StoreError
from models_store.frozen import Frozen
from models_store.self_test import ROUNDS, check_folder, meet

_FAILED, _USAGE, _UNAVAILABLE = 1, 2, 5
_MAX_LISTED = 20


def main() -> int:
    """Run one of them, and return the exit status."""
    options = _parser().parse_args()
    try:
        return int(options.run(options))
    except StoreError as error:
        print(error, file=sys.stderr)
        return _USAGE if isinstance(error, InvalidState | NotFound) else _UNAVAILABLE
    except OSError as error:
        print(f"cannot {options.verb} it: {error}", file=sys.stderr)
        return _UNAVAILABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models_store", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    copy = verbs.add_parser("copy")
    copy.add_argument("source")
    copy.add_argument("target")
    copy.add_argument("--delete", action="store_true")
    copy.add_argument("--keep", type=int)
    copy.add_argument("--backup")
    copy.set_defaults(run=_copy)
    listing = verbs.add_parser("list")
    listing.add_argument("bucket")
    listing.set_defaults(run=_list)
    check = verbs.add_parser("check")
    check.add_argument("place")
    check.add_argument("--hosts", type=int, default=1)
    check.add_argument("--read", action="store_true")
    check.set_defaults(run=_check)
    for verb in (copy, listing, check):
        verb.add_argument("--json", action="store_true")
    return parser


def _copy(options: argparse.Namespace) -> int:
    is_from, is_to = _is_bucket(options.source), _is_bucket(options.target)
    if is_from and is_to:
        raise InvalidState(f"cannot copy {options.source} to {options.target}; restore it to a folder first")
    _only(options, "backup", is_from, "FROM")
    _only(options, "keep", is_to, "TO")
    if options.delete and (is_from or is_to):
        raise InvalidState(
            "--delete is for a copy in a folder; a backup has what the store had, and --keep removes old ones"
        )
    if options.keep is not None and options.keep < 1:
        raise InvalidState(f"--keep was {options.keep}; expected 1 or more")
    if is_to:
        backup = back_up(Path(options.source), Bucket(options.target), keep=options.keep)
        return _print(options, backup, _describe_backup(backup), (*backup.faults, *backup.pruning_faults))
    if is_from:
        restored = restore(Bucket(options.source), Path(options.target), options.backup)
        return _print(options, restored, _describe_restored(restored), restored.faults)
    copy = copy_store(Path(options.source), Path(options.target), delete=options.delete)
    return _print(options, copy, _describe_copy(copy), copy.faults)


def _is_bucket(text: str) -> bool:
    return text.startswith(SCHEME)


def _only(options: argparse.Namespace, name: str, is_allowed: bool, place: str) -> None:
    if getattr(options, name) is not None and not is_allowed:
        raise InvalidState(f"--{name} is for {place} in a bucket, as {SCHEME}BUCKET/PREFIX")


def _list(options: argparse.Namespace) -> int:
    if not _is_bucket(options.bucket):
        raise InvalidState(f"{options.bucket} is not a bucket; expected {SCHEME}BUCKET or {SCHEME}BUCKET/PREFIX")
    backups = Backups(Bucket(options.bucket))
    found = [backups.read(name) for name in backups.names()]
    if options.json:
        print("[" + ",\n".join(backup.model_dump_json(indent=1) for backup in found) + "]")
    else:
        print("\n".join(map(_describe_line, found)) or f"{options.bucket} has no backup")
    return 0


def _check(options: argparse.Namespace) -> int:
    if _is_bucket(options.place):
        return _check_bucket(options)
    if options.read:
        raise InvalidState(f"--read is for backups in a bucket, as {SCHEME}BUCKET/PREFIX")
    folder = Path(options.place)
    check_folder(folder)
    if options.hosts > 1:
        meet(folder, options.hosts)
        print(f"{folder}: {options.hosts} machines made {options.hosts * ROUNDS} changes under its lock")
    print(f"{folder} keeps what a store needs: locks, hard links, replacing by rename")
    return 0


def _check_bucket(options: argparse.Namespace) -> int:
    bucket = Bucket(options.place)
    check_bucket(bucket)
    if options.read:
        checked = check_backups(bucket)
        return _print(options, checked, _describe_checked(checked), checked.faults)
    print(f"{bucket.url} keeps what a backup needs: objects that are created once, and replaced by their tag alone")
    return 0


def _print(options: argparse.Namespace, result: Frozen, lines: Iterator[str], faults: Sequence[str]) -> int:
    print(result.model_dump_json(indent=1) if options.json else "\n".join(lines))
    return _FAILED if faults else 0


def _describe_copy(copy: Copy) -> Iterator[str]:
    yield _describe_records(copy.records)
    copied = _count(copy.copied_files, "file")
    yield f"{copied} copied ({copy.copied_bytes:,} bytes), {copy.unchanged_files:,} unchanged"
    yield f"{_count(copy.verified, 'result')} verified by sha256"
    yield from _enumerate("kept, though the store no longer has them (--delete removes them)", copy.kept)
    yield from _enumerate("not copied, or damaged", copy.faults)


def _describe_backup(backup: BackedUp) -> Iterator[str]:
    yield f"backup {backup.name}"
    yield _describe_records(backup.records)
    sent = f"{backup.copied_files:,} were sent ({backup.copied_bytes:,} bytes)"
    yield f"{_count(backup.files, 'file')} ({backup.bytes:,} bytes), of which {sent}"
    yield f"{_count(backup.verified, 'result')} verified by sha256"
    yield from _enumerate("not backed up, or damaged", backup.faults)
    yield from _enumerate("older backups not removed", backup.pruning_faults)


def _describe_restored(restored: Restored) -> Iterator[str]:
    yield f"backup {restored.backup}"
    yield _describe_records(restored.records)
    yield f"{_count(restored.files, 'file')} restored ({restored.bytes:,} bytes), verified by sha256"
    yield from _enumerate("not in the backup, not restored, or damaged", restored.faults)


def _describe_checked(checked: Checked) -> Iterator[str]:
    of = _count(checked.backups, "backup")
    yield f"{of}: {_count(checked.files, 'file')} ({checked.bytes:,} bytes) verified by sha256"
    yield from _enumerate("missing, or damaged", checked.faults)
    yield from _enumerate("removed, so that the next backup sends them again if the store has them", checked.removed)


def _describe_line(backup: Backup) -> str:
    faults = f", {_count(len(backup.faults), 'fault')}" if backup.faults else ""
    return f"{backup.name}  {_describe_records(backup.records)}  ({backup.bytes:,} bytes{faults})"


def _describe_records(records: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in records.items()) or "no records"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _enumerate(title: str, names: tuple[str, ...]) -> Iterator[str]:
    if names:
        yield f"{title}: {len(names):,}"
        yield from (f"  {name}" for name in names[:_MAX_LISTED])


if __name__ == "__main__":
    sys.exit(main())
