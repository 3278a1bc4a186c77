"""`python -m models_store copy FROM TO` and `check FOLDER`: what is done to a store without the service."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from models_store.copying import Copy, copy_store
from models_store.errors import InvalidState, StoreError
from models_store.self_test import ROUNDS, check_folder, meet

_FAILED, _USAGE, _UNAVAILABLE = 1, 2, 5
_MAX_LISTED = 20


def main() -> int:
    """Run one of them, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m models_store", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    copy = verbs.add_parser("copy")
    copy.add_argument("source", type=Path)
    copy.add_argument("target", type=Path)
    copy.add_argument("--delete", action="store_true")
    copy.add_argument("--json", action="store_true")
    check = verbs.add_parser("check")
    check.add_argument("folder", type=Path)
    check.add_argument("--hosts", type=int, default=1)
    options = parser.parse_args()
    try:
        return _copy(options) if options.verb == "copy" else _check(options)
    except StoreError as error:
        print(error, file=sys.stderr)
        return _USAGE if isinstance(error, InvalidState) else _UNAVAILABLE
    except OSError as error:
        print(f"cannot {options.verb} it: {error}", file=sys.stderr)
        return _UNAVAILABLE


def _copy(options: argparse.Namespace) -> int:
    copy = copy_store(options.source, options.target, delete=options.delete)
    print(copy.model_dump_json(indent=1) if options.json else "\n".join(_describe(copy)))
    return _FAILED if copy.faults else 0


def _describe(copy: Copy) -> Iterator[str]:
    yield ", ".join(f"{name}: {count:,}" for name, count in copy.records.items()) or "no records"
    copied = _count(copy.copied_files, "file")
    yield f"{copied} copied ({copy.copied_bytes:,} bytes), {copy.unchanged_files:,} unchanged"
    yield f"{_count(copy.verified, 'result')} verified by sha256"
    yield from _list("kept, though the store no longer has them (--delete removes them)", copy.kept)
    yield from _list("not copied, or damaged", copy.faults)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _list(title: str, names: tuple[str, ...]) -> Iterator[str]:
    if names:
        yield f"{title}: {len(names):,}"
        yield from (f"  {name}" for name in names[:_MAX_LISTED])


def _check(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    if options.hosts > 1:
        meet(options.folder, options.hosts)
        print(f"{options.folder}: {options.hosts} machines made {options.hosts * ROUNDS} changes under its lock")
    print(f"{options.folder} keeps what a store needs: locks, hard links, replacing by rename")
    return 0


if __name__ == "__main__":
    sys.exit(main())
