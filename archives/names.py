"""Names of entries as paths: which are rejected, and which are left behind by operating systems."""

import re
import unicodedata
from collections.abc import Collection
from itertools import islice

from archives.errors import InvalidArchive

_MAX_QUOTED = 80
_LISTED = 3
_MAX_COMPONENT_BYTES = 255
_MAX_DEPTH = 40  # datasets allow less, with a better message
_SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", "icon\r"}
_SYSTEM_FOLDERS = {
    "__macosx", "@eadir", "#recycle", "@recycle", "$recycle.bin", "system volume information", "lost+found",
    "__pycache__", "node_modules",
}  # fmt: skip
_ICON = re.compile("(^|/)(\\._)?Icon\r\\Z")  # of a folder, by macOS, and what archives keep of its resource fork
_DRIVE = re.compile("[A-Za-z]:")
_BACKSLASH = re.compile(r"\\")
# In GBK, Big5 and Shift-JIS it is also the second half of characters whose first half is not ASCII.
_WHOLE_BACKSLASH = re.compile(r"(?<![^\0-\x7f])\\")
_ARCHIVE_SUFFIXES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".jar")


def quote(name: str) -> str:
    """For messages: quoted, escaped if it is not printable, cut to 80 characters."""
    text = ascii(name) if not name.isprintable() else f"'{name}'"
    return text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}...'"


def quote_some(names: Collection[str]) -> str:
    """For messages: the first three, quoted."""
    return ", ".join(map(quote, islice(names, _LISTED))) + (", ..." if len(names) > _LISTED else "")


def split_path(name: str, is_name_known: bool = True) -> tuple[str, ...]:
    """The folders and the file of an entry, in Unicode's composed form; empty for the archive's own folder. Raises
    InvalidArchive for names that are no relative path below it."""
    _check_characters(name, is_name_known)
    plain = name.removeprefix("./").removesuffix("/")
    path = tuple(unicodedata.normalize("NFC", plain).split("/")) if plain not in ("", ".") else ()
    for component in path:
        if component in ("..", ".", ""):
            raise InvalidArchive(f"{quote(name)} has {component!r} in its path, expected a path inside the archive")
        if len(component.encode()) > _MAX_COMPONENT_BYTES:
            raise InvalidArchive(f"{quote(name)} is too long, expected at most {_MAX_COMPONENT_BYTES} bytes in a name")
    if len(path) > _MAX_DEPTH:
        raise InvalidArchive(f"{quote(name)} lies too deep, expected class folders with images in them")
    return path


def _check_characters(name: str, is_name_known: bool) -> None:
    if "\0" in name:
        raise InvalidArchive(f"{quote(name)} has a NUL in its name")
    if (_BACKSLASH if is_name_known else _WHOLE_BACKSLASH).search(name):
        raise InvalidArchive(f"{quote(name)} has a backslash in its name, expected / between folders")
    if name.startswith("/") or _DRIVE.match(name):
        raise InvalidArchive(f"{quote(name)} is an absolute path, expected a path inside the archive")
    categories = {unicodedata.category(each) for each in _ICON.sub("", name)}
    if "Cs" in categories:
        raise InvalidArchive(f"{quote(name)} is not UTF-8; name its encoding, as in ?names=gbk")
    if "Cc" in categories:
        raise InvalidArchive(f"{quote(name)} has a control character in its name")


def is_system_file(path: tuple[str, ...]) -> bool:
    """Whether it is hidden, or an operating system or a program left it in the folder."""
    *folders, name = path or ("",)
    return (
        any(component.startswith(".") and component not in (".", "..") for component in path)
        or name.lower() in _SYSTEM_FILES
        or any(component.lower() in _SYSTEM_FOLDERS for component in (*folders, name))
    )


def check_file(path: tuple[str, ...], name: str) -> None:
    """Raise InvalidArchive for archives within the archive."""
    if path[-1].lower().endswith(_ARCHIVE_SUFFIXES):
        raise InvalidArchive(f"{quote(name)} is an archive within the archive; unpack it first")


class Collisions:
    """Rejects paths that are the same on some file system: by case, or by Unicode form."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def check(self, path: tuple[str, ...], name: str, is_name_known: bool = True) -> None:
        """Raises InvalidArchive."""
        # Characters of an unknown encoding have no case.
        folded = unicodedata.normalize("NFC", "/".join(path).casefold()) if is_name_known else "/".join(path)
        first = self._seen.setdefault(folded, name)
        if first is not name:
            how = "in it twice" if first == name else f"the same name as {quote(first)} but for case or Unicode form"
            raise InvalidArchive(f"{quote(name)} is {how}; give each file its own name")
