import base64

import pytest
from PIL import Image

from imaging.format_names import describe_format
from tests.support.image_files import encoded

PNG, JPEG = (encoded(Image.new("RGB", (8, 8), "red"), kind) for kind in ("PNG", "JPEG"))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("GIF", "a GIF image"),
        ("BMP", "a BMP image"),
        ("TIFF", "a TIFF image"),
        ("ICO", "an icon"),
        ("PPM", "a PNM image"),
        ("PDF", "a PDF document"),
        ("AVIF", "an AVIF image"),
    ],
)
def test_format_is_named_by_its_content(kind: str, name: str) -> None:
    assert describe_format(encoded(Image.new("RGB", (8, 8)), kind)) == name


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC image"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "a HEIC image"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isom", "a video"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"PK\3\4\x14\0", "a zip archive"),
        (b"four.png", 'text, "four.png"'),
        ("vier\u00e4".encode() * 400, 'text, "' + ("vier\u00e4" * 8) + '"'),
        (PNG.decode("latin-1").encode(), "a PNG image that was read as text"),
        (PNG.decode("cp1252", "ignore").encode(), "a PNG image that was read as text"),
        (PNG.decode(errors="replace").encode(), "a PNG image that was read as text"),
        (JPEG.decode("latin-1").encode(), "a JPEG image that was read as text"),
        (JPEG.decode(errors="replace").encode(), "binary data that was read as text"),
        (PNG.replace(b"\r\n", b"\n"), "a PNG image whose line ends were changed"),
        (PNG.replace(b"\n", b"\r\n"), "a PNG image whose line ends were changed"),
        (b"\n" + PNG, "a PNG image with 1 other byte in front of it"),
        (b"\xef\xbb\xbf" + JPEG, "a JPEG image with 3 other bytes in front of it"),
        (PNG.hex().encode(), "an image in hexadecimal digits"),
        (base64.b64encode(JPEG), "an image in base64"),
        (bytes(100) + PNG, None),
        (b"\xff\xd8\xff", None),
        (b"\0" * 40, None),
        (b"  ", None),
        (b"", None),
    ],
)
def test_other_content_is_named_or_unknown(data: bytes, name: str | None) -> None:
    assert describe_format(data) == name
