"""The text of a key: `ty_<id>_<secret><checksum>`.

The prefix lets scanners find keys that were published by mistake, and the checksum tells typos from keys without the
store. The secret has 256 bits.
"""

import re
import secrets
import string
import zlib

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_CHARACTERS = 10
_SECRET_BITS = 256
_SECRET_CHARACTERS = 43  # 62 ** 43 > 2 ** 256
_CHECKSUM_CHARACTERS = 6  # 62 ** 6 > 2 ** 32
_ID = re.compile(f"[0-9A-Za-z]{{{_ID_CHARACTERS}}}")
_TOKEN = re.compile(f"ty_({_ID.pattern})_[0-9A-Za-z]{{{_SECRET_CHARACTERS + _CHECKSUM_CHARACTERS}}}")


def new_token() -> str:
    """A key that nobody has."""
    key_id = "".join(secrets.choice(_DIGITS) for _ in range(_ID_CHARACTERS))
    secret = f"ty_{key_id}_{_base62(secrets.randbits(_SECRET_BITS), _SECRET_CHARACTERS)}"
    return secret + _checksum(secret)


def id_of(token: str) -> str | None:
    """The id in `token`; None if it is no key, or has a typo."""
    match = _TOKEN.fullmatch(token)
    if match is None or _checksum(token[:-_CHECKSUM_CHARACTERS]) != token[-_CHECKSUM_CHARACTERS:]:
        return None
    return match[1]


def is_key_id(text: str) -> bool:
    """Whether `text` is in the form of an id; only those become part of a path."""
    return _ID.fullmatch(text) is not None


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, characters: int) -> str:
    digits = []
    for _ in range(characters):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
