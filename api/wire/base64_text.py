"""Base64 as clients write it."""

import re
from base64 import b64decode
from urllib.parse import unquote_to_bytes

from specs.problem import quantity

_DATA_URL = re.compile(r"data:([^,]{0,200}),", re.IGNORECASE)
_IS_BASE64 = re.compile(r";\s*base64\s*$", re.IGNORECASE)
_BLANKS = b" \t\n\f\r"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/]")
_ADDRESS = re.compile(r"(https?|file|blob):", re.IGNORECASE)
_PYTHON_BYTES = re.compile("b['\"]")


class NotBase64(ValueError):
    """The message is a predicate, to follow what names the text."""


def decode_base64(text: str) -> bytes:
    """Decode base64, in lines or not, with or without padding, in either alphabet, or such a data URL: what a browser
    decodes (WHATWG, forgiving-base64), and base64url. Raises NotBase64."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return _decode_any(text)


def _decode_any(text: str) -> bytes:
    try:
        data = _strip_data_url(text).translate(_TO_STANDARD, _BLANKS).rstrip(b"=")
    except UnicodeEncodeError as error:
        raise NotBase64(f"is not valid base64: it contains `{text[error.start]}`") from error
    if foreign := _FOREIGN.search(data):
        raise NotBase64(_mistake(text, foreign[0].decode(errors="replace")))
    if len(data) % 4 == 1:
        raise NotBase64(
            f"is not valid base64: {quantity(len(data), 'character')} without padding; it is probably cut short"
        )
    return b64decode(data + b"=" * (-len(data) % 4))


def _strip_data_url(text: str) -> bytes:
    stripped = text.strip()
    if (head := _DATA_URL.match(stripped)) is None:
        return stripped.encode("ascii")
    if _IS_BASE64.search(head[1]) is None:
        raise NotBase64("is a data URL without `;base64`; encode the file as base64")
    return unquote_to_bytes(stripped[head.end() :].encode("ascii"))


def _mistake(text: str, character: str) -> str:
    text = text.lstrip()
    if _ADDRESS.match(text):
        return "is an address, which is not fetched; send the content of the file as base64"
    if _PYTHON_BYTES.match(text):
        return "is how Python prints bytes; send b64encode(data).decode()"
    return f"is not valid base64: it contains `{character}`"
