"""Who asks, and what is private to others (docs/decisions/0064).

A request says once whose it is. What is private to somebody else does not exist for it from then on, wherever it looks:
in folders, lists, counts and events. What the service does by itself sees everything.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from models_store import versions
from models_store.file_cache import FileCache

# Beside the folders of records, and never there.
UNSEEN = ".unseen"


class Viewer(NamedTuple):
    """Whose request is answered. `teaches` returns whether an owner is a student of theirs."""

    owner: str
    teaches: Callable[[str], bool]


_viewer: ContextVar[Viewer | None] = ContextVar("viewer", default=None)


def show_to(viewer: Viewer | None) -> None:
    """Until the request is answered; None for an admin, and where no keys are asked for."""
    _viewer.set(viewer)


@contextmanager
def seeing_as(viewer: Viewer | None) -> Iterator[None]:
    """For what the service does later on, on behalf of somebody; None sees everything."""
    token = _viewer.set(viewer)
    try:
        yield
    finally:
        _viewer.reset(token)


def seeing_everything() -> AbstractContextManager[None]:
    """For what is shared by all requests, such as a cache."""
    return seeing_as(None)


def sees_everything() -> bool:
    return _viewer.get() is None


class Privacy(NamedTuple):
    """What is `private` is there for its owner, the owner's teacher and admins."""

    private: bool
    owner: str | None

    @property
    def is_shown(self) -> bool:
        """To the one who asks."""
        viewer = _viewer.get()
        if viewer is None or not self.private:
            return True
        return self.owner is not None and (self.owner == viewer.owner or viewer.teaches(self.owner))

    @property
    def private_to(self) -> str:
        """The owner of what is private, "" for what is not."""
        return (self.owner or "?") if self.private else ""


def private_to(owner: str) -> Privacy:
    """The other way round."""
    return Privacy(private=owner != "", owner=owner or None)


PUBLIC = Privacy(private=False, owner=None)
# Of a damaged record nobody knows whose it is.
_UNKNOWN = Privacy(private=True, owner=None)


class RecordFiles:
    """Which records on disk are private: the members `private` and `owner` of their JSON, even of a version that this
    one cannot read; that is private unless it says otherwise. Costs one stat where a file has not changed."""

    def __init__(self) -> None:
        self._seen = FileCache[Privacy](kept_bytes=0)

    def privacy(self, path: Path) -> Privacy:
        """Of the record in the file `path`; one that does not exist hides nothing."""
        try:
            return self._seen.get(path, partial(_read, path))
        except FileNotFoundError:
            return _UNKNOWN if path.parent.is_dir() else PUBLIC

    def folder(self, path: Path) -> Path:
        """The folder of the record in the file `path`, or else one that does not exist, so that all is as if there were
        no such record."""
        folder = path.parent
        if sees_everything() or self.privacy(path).is_shown:
            return folder
        return folder.parent / UNSEEN / folder.parent.name / folder.name


def _read(path: Path) -> Privacy:
    try:
        document: Any = orjson.loads(path.read_bytes())
        private, owner = document.get("private", versions.is_newer(document)), document.get("owner")
    except (orjson.JSONDecodeError, AttributeError):
        return _UNKNOWN
    if versions.is_newer(document) and not isinstance(private, bool):
        return _UNKNOWN
    return Privacy(bool(private), owner) if owner is None or isinstance(owner, str) else _UNKNOWN
