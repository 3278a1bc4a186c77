"""Names in an archive: which are rejected, which are passed over."""

import re
import unicodedata

from worker.conversion.errors import RefusedArchive

_SHOWN = 80
_PART_BYTES = 255
_DEPTH = 6  # the layout allows less; this keeps its sentences for honest mistakes
_LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}
_DRIVE = re.compile("[A-Za-z]:")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".jar")


def shown(name: str) -> str:
    """For a sentence: what cannot be printed is escaped, what is long is cut."""
    text = ascii(name) if not name.isprintable() else f"'{name}'"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...'"


def parts_of(name: str) -> tuple[str, ...]:
    """The folders and the file of an entry, in Unicode's composed form. Raises RefusedArchive."""
    _check_characters(name)
    plain = name.removeprefix("./").removesuffix("/")
    parts = tuple(unicodedata.normalize("NFC", plain).split("/")) if plain not in ("", ".") else ()
    for part in parts:
        if part in ("..", ".", ""):
            raise RefusedArchive(f"{shown(name)} has {part!r} in its path; an archive names only what is inside it")
        if len(part.encode()) > _PART_BYTES:
            raise RefusedArchive(f"{shown(name)} is too long: a name may have {_PART_BYTES} bytes")
    if len(parts) > _DEPTH:
        raise RefusedArchive(f"{shown(name)} lies too deep: expected class folders with images in them")
    return parts


def _check_characters(name: str) -> None:
    if "\0" in name:
        raise RefusedArchive(f"{shown(name)} has a NUL in its name")
    if "\\" in name:
        raise RefusedArchive(f"{shown(name)} has a backslash in its name; folders are parted by /")
    if name.startswith("/") or _DRIVE.match(name):
        raise RefusedArchive(f"{shown(name)} is an absolute name; an archive names only what is inside it")
    categories = {unicodedata.category(each) for each in name}
    if "Cs" in categories:
        raise RefusedArchive(f"{shown(name)} is not UTF-8")
    if "Cc" in categories:
        raise RefusedArchive(f"{shown(name)} has a control character in its name")


def is_innocent(parts: tuple[str, ...]) -> bool:
    """What operating systems leave in folders, and nobody means to send."""
    return parts[0] == "__MACOSX" or parts[-1] in _LEFT_BY_SYSTEMS or parts[-1].startswith("._")


def check_file(parts: tuple[str, ...], name: str) -> None:
    """Reject what is hidden and what is an archive itself."""
    if any(part.startswith(".") for part in parts):
        raise RefusedArchive(f"{shown(name)} is hidden (its name starts with a point); leave it out")
    if parts[-1].lower().endswith(_ARCHIVES):
        raise RefusedArchive(f"{shown(name)} is an archive within the archive; unpack it first")


class Collisions:
    """Rejects names that are one and the same on some file system: by case, or by Unicode's form."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def check(self, parts: tuple[str, ...], name: str) -> None:
        folded = unicodedata.normalize("NFC", "/".join(parts).casefold())
        first = self._seen.setdefault(folded, name)
        if first is not name:
            how = "twice in it" if first == name else f"the same name as {shown(first)} but for case or Unicode form"
            raise RefusedArchive(f"{shown(name)} is {how}; name each file once")
