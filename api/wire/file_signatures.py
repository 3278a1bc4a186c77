"""What the first bytes of a body reveal."""

import codecs

from api.wire.body import BadRequestBody

# Signatures as far as `curl -d @file`, which removes carriage returns, line feeds and zero bytes, leaves them.
_REMAINS = (b"\x89PNG\x1a", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"PK\3\4", b"\x1f\x8b\x08")
_REMOVED = (0, 10, 13)
# Every format above has a removed byte in its first hundreds of bytes, most in the first ten.
_START_BYTES = 512
_BLANKS = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def begins_as_json(data: bytes) -> bool:
    """An object or a list; no image and no archive begins like that."""
    return data[:64].removeprefix(BYTE_ORDER_MARK).lstrip(_BLANKS)[:1] in (b"{", b"[")


def text_of(data: bytes) -> str | None:
    """The beginning of a text: UTF-8 without zero bytes, of which the last character may be cut. None if it is none, or
    empty."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return None
    return text if text and "\0" not in text else None


def check_unharmed(data: bytes, example: str) -> None:
    """Raises BadRequestBody for an image or archive that `curl -d` damaged; `example` is such a file."""
    if _lost_bytes(data[:_START_BYTES]):
        raise BadRequestBody(
            "the file lost its line breaks and zero bytes, as `curl -d @file` removes them; send it with "
            f"`curl --data-binary @{example}`"
        )


def _lost_bytes(start: bytes) -> bool:
    return start.startswith(_REMAINS) and not any(removed in start for removed in _REMOVED)
