"""The domain errors of `archives`. Each class carries its kind, which `api/errors.py` maps to a status once."""

from typing import ClassVar, Literal


class InvalidArchive(Exception):
    """The archive is malicious, broken or over a limit; the rest of it cannot be read."""

    kind: ClassVar[Literal["invalid"]] = "invalid"


class UnsupportedFormat(InvalidArchive):
    """Neither a zip nor a tar."""


class UnreadableMember(Exception):
    """One file of an archive cannot be read; the files behind it can. The message is a predicate, such as "is
    encrypted", to follow the name of the file."""
