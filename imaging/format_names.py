"""Names the format of a file that is not decoded, by its content: names of files are often wrong."""

import json
import re

_TEXT_BYTES = 1_000
_QUOTED = 40
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"8BPS", "a Photoshop image"),
    (b"\0\0\1\0", "an icon"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\3\4", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x93NUMPY", "a NumPy array"),
    *(
        (start, "a PNG image that was read as text")
        for start in (b"\xc2\x89PNG", b"\xe2\x80\xb0PNG", b"\xef\xbf\xbdPNG")
    ),
    (b"\xc3\xbf\xc3\x98\xc3\xbf", "a JPEG image that was read as text"),
    (b"\xef\xbf\xbd", "binary data that was read as text"),  # the character that replaces what is not UTF-8
    *((start, "a PNG image whose line ends were changed") for start in (b"\x89PNG\n\x1a\n", b"\x89PNG\r\r\n\x1a\r\n")),
)
# Of files in MPEG's container: the four bytes behind `ftyp`.
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "a HEIC image"),
    **dict.fromkeys((b"avif", b"avis"), "an AVIF image"),
}
# In front of an image: what a script or an editor has added.
_MAX_ADDED = 64
_IMAGES = {b"\x89PNG\r\n\x1a\n": "a PNG image", b"\xff\xd8\xff": "a JPEG image"}
_ENCODED = {
    **dict.fromkeys(("89504e47", "ffd8ff", "52494646"), "an image in hexadecimal digits"),
    **dict.fromkeys(("ivborw0kggo", "/9j/", "uklgr"), "an image in base64"),
}
_MARKUP = (("<svg", "an SVG drawing"), ("<!doctype html", "an HTML page"), ("<html", "an HTML page"), ("<?xml", "XML"))
_NETPBM = re.compile(rb"P[1-7]\s")


def describe_format(data: bytes) -> str | None:
    """With its article, such as "a HEIC image"; a text is quoted. None if it is unknown."""
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "a video")
    if _NETPBM.match(data):
        return "a PNM image"
    known = next((name for start, name in _SIGNATURES if data.startswith(start)), None)
    return known or _describe_added(data) or _describe_text(data)


def _describe_added(data: bytes) -> str | None:
    for signature, name in _IMAGES.items():
        if (added := data[: _MAX_ADDED + len(signature)].find(signature)) > 0:
            return f"{name} with {added} other {'byte' if added == 1 else 'bytes'} in front of it"
    return None


def _describe_text(data: bytes) -> str | None:
    try:
        text = data[:_TEXT_BYTES].decode()
    except UnicodeDecodeError as error:
        if error.start < len(data[:_TEXT_BYTES]) - 3:  # otherwise a character is cut off
            return None
        text = data[: error.start].decode()
    if "\0" in text or not text.strip():
        return None
    lowered = text.lower()
    if encoded := next((name for start, name in _ENCODED.items() if lowered.startswith(start)), None):
        return encoded
    markup = next((name for tag, name in _MARKUP if tag in lowered), None)
    return markup or f"text, {json.dumps(text[:_QUOTED], ensure_ascii=False)}"
