"""Encodings of the names in an archive: stated by it, named by its sender, or unknown."""

import codecs
import re
from collections.abc import Sequence
from contextlib import suppress

from archives.errors import InvalidArchive

# What PKWARE's APPNOTE.TXT says of names without the UTF-8 flag (appendix D). All 256 bytes are characters.
UNSTATED = "cp437"
# Canonical names of Python's codecs that systems have written file names in, each with the superset that reads it: all
# have ASCII as their first half, and no "/" within a character.
_SUPERSETS = {
    **{each: each for each in ("utf-8", "cp437", "cp850", "cp852", "cp866", "cp874", "koi8-r", "koi8-u", "mac-roman")},
    **{f"cp{number}": f"cp{number}" for number in range(1250, 1259)},
    **{f"iso8859-{number}": f"iso8859-{number}" for number in (*range(1, 12), *range(13, 17))},
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
    **dict.fromkeys(("shift_jis", "cp932"), "cp932"),
    **dict.fromkeys(("euc_kr", "cp949"), "cp949"),
    **dict.fromkeys(("big5", "cp950"), "cp950"),
    "euc_jp": "euc_jp",
}
_THREE_BYTES = re.compile(b"[\xe0-\xef][\x80-\xbf]{2}")
_BESIDE_LETTERS = re.compile(r"[A-Za-z][^\0-\x7f]|[^\0-\x7f][A-Za-z]")
# What archives without a statement are most often written in, beside cp437.
_LIKELY = ("gbk", "shift_jis", "big5", "euc_kr", "cp1252")


def find_encoding(name: str) -> str | None:
    """The codec to read names with; None if `name` is no encoding of file names."""
    try:
        return _SUPERSETS.get(codecs.lookup(name).name)
    except (LookupError, ValueError):
        return None


def decode_name(raw: bytes, encoding: str | None, is_utf8: bool = False) -> tuple[str, bool]:
    """The name, and whether its encoding is known. `encoding` is what the sender named, a codec of `find_encoding`;
    `is_utf8` if the archive states so, which counts for more.

    Valid UTF-8 is UTF-8, as Info-ZIP and macOS write it without saying so; what is left is read as cp437. With an
    `encoding`, which may be that of a table, only UTF-8 of three bytes a character is: of two it may be GBK. What is
    stated to be UTF-8 and is not has surrogate escapes. Raises InvalidArchive for what is not in `encoding`.
    """
    if is_utf8 or raw.isascii():
        return raw.decode("utf-8", "surrogateescape"), True
    if encoding and _THREE_BYTES.search(raw):
        with suppress(UnicodeDecodeError):
            return raw.decode(), True
    try:
        return raw.decode(encoding or "utf-8"), True
    except UnicodeDecodeError as error:
        if encoding is None:
            return raw.decode(UNSTATED), False
        raise InvalidArchive(
            f"the name {raw[:80]!r} is not in the encoding named for it ({encoding}); name the one of the system that "
            "the archive is from"
        ) from error


def look_like_gbk(names: Sequence[str]) -> bool:
    """Whether `names`, UTF-8 that the archive does not state, may as well be Chinese: characters of two bytes that are
    beside no Latin letters, as accented ones would be."""
    odd = [name for name in names if not name.isascii()]
    return bool(odd) and all(map(_is_gbk, odd))


def _is_gbk(name: str) -> bool:
    raw = name.encode("utf-8", "surrogateescape")
    if _THREE_BYTES.search(raw) or _BESIDE_LETTERS.search(name):
        return False
    try:
        return all(each.isascii() or "\u4e00" <= each <= "\u9fff" for each in raw.decode("gb2312"))
    except UnicodeDecodeError:
        return False


def possible_encodings(raw: Sequence[bytes]) -> list[tuple[str, str]]:
    """Encodings that all of `raw`, names or lines of text, may be in, each with the first of them read so."""
    found = []
    for encoding in _LIKELY:
        try:
            decoded = [each.decode(_SUPERSETS[encoding]) for each in raw]
        except UnicodeDecodeError:
            continue
        if all(name.isprintable() for name in decoded):
            found.append((encoding, decoded[0]))
    return found
