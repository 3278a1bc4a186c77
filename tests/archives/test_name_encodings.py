import io
import struct
import tarfile
import zipfile
import zlib

import pytest

from archives.errors import InvalidArchive
from archives.member import Limits, Member
from archives.name_encodings import decode_name, find_encoding, look_like_gbk, possible_encodings
from archives.names import split_path
from archives.reader import open_archive

LIMITS = Limits(entries=50, bytes=1_000_000, file_bytes=1_000_000)


def zip_named(raw: bytes, extra: bytes = b"") -> bytes:
    """A zip of one file with the name `raw`, without the UTF-8 flag."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        info = zipfile.ZipInfo("x" * len(raw))
        info.extra = extra
        archive.writestr(info, b"content")
    return file.getvalue().replace(b"x" * len(raw), raw)


def only_member(data: bytes, encoding: str | None = None) -> Member:
    [member] = open_archive(io.BytesIO(data), LIMITS, encoding).members
    return member


def test_utf8_without_the_flag_is_utf8() -> None:
    member = only_member(zip_named("Größe/猫.png".encode()))
    assert (member.name, member.is_name_known) == ("Größe/猫.png", True)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("gbk", "猫/表.png"),
        ("shift_jis", "ソ表/能.png"),
        ("big5", "功/許.png"),
        ("euc-kr", "고양이/1.png"),
        ("cp850", "Größe/1.png"),
    ],
)
def test_named_encoding_is_used_for_zip_and_tar(encoding: str, name: str) -> None:
    codec = find_encoding(encoding)
    raw = name.encode(encoding)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT, encoding=encoding) as archive:
        archive.addfile(tarfile.TarInfo(name))

    for data in (zip_named(raw), file.getvalue()):
        assert only_member(data, codec).name == name
    unknown = only_member(zip_named(raw))
    assert (unknown.is_name_known, unknown.name.encode("cp437")) == (False, raw)
    assert any(text == name for _, text in possible_encodings([raw])) or encoding == "cp850"


def test_half_a_character_is_no_backslash() -> None:
    raw = "ソ表/能.png".encode("shift_jis")
    assert raw.count(b"\\") == 3
    unknown = only_member(zip_named(raw))

    assert len(split_path(unknown.name, unknown.is_name_known)) == 2
    assert split_path(only_member(zip_named(raw), find_encoding("sjis")).name) == ("ソ表", "能.png")
    for name in (b"cat\\..\\out.png", "ソ\\out.png".encode("shift_jis") + b"\\\\"):
        member = only_member(zip_named(name))
        with pytest.raises(InvalidArchive, match="has a backslash in its name"):
            split_path(member.name, member.is_name_known)


def test_unicode_name_counts_unless_it_is_stale() -> None:
    raw, name = "表.png".encode("gbk"), "表.png"
    body = struct.pack("<BL", 1, zlib.crc32(raw)) + name.encode()
    extra = struct.pack("<2H", 0x7075, len(body)) + body
    stale = extra.replace(struct.pack("<L", zlib.crc32(raw)), bytes(4))

    assert only_member(zip_named(raw, extra)).name == name
    assert not only_member(zip_named(raw, stale)).is_name_known


def test_names_in_another_encoding_are_rejected() -> None:
    with pytest.raises(InvalidArchive, match="is not in the encoding named for it"):
        only_member(zip_named(b"\xff\xff.png"), find_encoding("utf-8"))
    assert decode_name("고양이.png".encode(), "cp949") == ("고양이.png", True)
    assert decode_name("猫.png".encode("gbk"), "gb18030") == ("猫.png", True)
    assert decode_name(b"\xff.png", None, is_utf8=True) == ("\udcff.png", True)
    assert decode_name("é".encode(), "gb18030", is_utf8=True) == ("é", True)


@pytest.mark.parametrize("name", ["utf-16", "rot13", "idna", "unicode_escape", "ebcdic", "", "x" * 999, "a\0b"])
def test_what_is_no_encoding_of_names_is_not_found(name: str) -> None:
    assert find_encoding(name) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["猫/1.png".encode("gbk").decode(), "b/1.png"], True),
        (["è/1.png", "Größe/1.png"], False),
        (["été/1.png"], False),
        (["고양이/1.png", "è/1.png"], False),
        (["кот/1.png", "да/1.png"], False),
        (["a/1.png"], False),
    ],
)
def test_chinese_may_be_valid_utf8_by_chance(names: list[str], expected: bool) -> None:
    assert look_like_gbk(names) == expected


@pytest.mark.parametrize(("raw", "stated"), [("è/1.png".encode(), False), (b"e/1.png", False)])
def test_assumed_utf8_is_told_from_stated(raw: bytes, stated: bool) -> None:
    assert only_member(zip_named(raw)).is_name_stated == stated
    assert only_member(zip_named(raw), "gb18030").is_name_stated
