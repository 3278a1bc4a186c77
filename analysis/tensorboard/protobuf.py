"""The wire format of Protocol Buffers, as far as TensorBoard's messages need it (protobuf.dev, "Encoding")."""

import struct

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def varint(number: int, value: int) -> bytes:
    """A field of an integer or an enum, 0 or more."""
    return _key(number, _VARINT) + _base128(value)


def double(number: int, value: float) -> bytes:
    return _key(number, _FIXED64) + struct.pack("<d", value)


def float32(number: int, value: float) -> bytes:
    return _key(number, _FIXED32) + struct.pack("<f", value)


def message(number: int, *fields: bytes) -> bytes:
    """A field of a message, which is its fields one after the other."""
    content = b"".join(fields)
    return _key(number, _BYTES) + _base128(len(content)) + content


def text(number: int, value: str) -> bytes:
    # Half a surrogate pair, which JSON may have, is no UTF-8.
    return message(number, value.encode(errors="replace"))


def _key(number: int, wire_type: int) -> bytes:
    return _base128(number << 3 | wire_type)


def _base128(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
