"""The readers of archives, on what the standard library, and nobody honest, writes."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.wire.spool import Spool, spooled_members
from archives.member import BrokenArchive, BrokenMember, Budget, Member
from archives.tar import tar_members
from archives.zip import zip_members

Reader = Callable[[BinaryIO, Budget], Iterator[Member]]
FILES = {"digits/3.png": b"three", "empty.png": b"", "long/" + 150 * "n" + ".png": bytes(200_000), "ä.png": b"\0\1"}


def budget(entries: int = 100, size: int = 10_000_000) -> Budget:
    return Budget(entries, size)


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.mkdir("digits")
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("digits")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "x" * 200
        archive.addfile(link)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def by_tar(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    return tar_members(file, is_gzipped=False, budget=budget)


def by_gzip(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    return tar_members(file, is_gzipped=True, budget=budget)


def read(reader: Reader, data: bytes, limits: Budget | None = None) -> dict[str, bytes]:
    members = reader(io.BytesIO(data), limits or budget())
    return {member.name: b"".join(member.pieces) for member in members}


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        pytest.param(zip_members, zipped(FILES), id="zip"),
        pytest.param(zip_members, zipped(FILES, zipfile.ZIP_STORED), id="stored"),
        pytest.param(zip_members, b"#!/bin/sh\n" + zipped(FILES), id="zip behind a program"),
        pytest.param(by_tar, tarred(FILES), id="pax"),
        pytest.param(by_tar, tarred(FILES, tarfile.GNU_FORMAT), id="gnu"),
        pytest.param(by_gzip, gzip.compress(tarred(FILES)), id="gzip"),
    ],
)
def test_files_are_read_in_order_and_need_not_be_read(reader: Reader, data: bytes) -> None:
    assert list(read(reader, data).items()) == list(FILES.items())
    assert [member.name for member in reader(io.BytesIO(data), budget())] == list(FILES)


def test_a_zip_with_64_bit_sizes_and_offsets() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", b"one")
    plain = data.getvalue()
    # The same directory, told of in 64 bits: where the zip has more than 4 GB.
    at, end = plain.rindex(b"PK\1\2"), plain.rindex(b"PK\5\6")
    entry = bytearray(plain[at:end])
    packed, unpacked = struct.unpack_from("<2L", entry, 20)
    name_length, extra_length = struct.unpack_from("<2H", entry, 28)
    struct.pack_into("<2L", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, 28)
    struct.pack_into("<L", entry, 42, 0xFFFFFFFF)
    name = bytes(entry[46 : 46 + name_length])
    wide = bytes(entry[:46]) + name + struct.pack("<2H3Q", 1, 24, unpacked, packed, 0)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(wide), at)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, at + len(wide), 1)
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)

    assert extra_length == 0
    assert read(zip_members, plain[:at] + wide + end64 + locator + last) == {"1.png": b"one"}


@pytest.mark.parametrize(
    ("reader", "data"),
    [(zip_members, zipped(FILES)), (by_tar, tarred(FILES)), (by_gzip, gzip.compress(tarred(FILES)))],
    ids=["zip", "tar", "gzip"],
)
def test_what_is_cut_short_is_broken_wherever_it_ends(reader: Reader, data: bytes) -> None:
    whole = len(data) if reader is not by_tar else len(data.rstrip(b"\0"))
    for length in [*range(1, whole, max(1, whole // 50)), whole - 1]:
        with pytest.raises((BrokenArchive, BrokenMember)):
            read(reader, data[:length])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["zip", "tar", "gzip"]), st.data())
def test_a_changed_byte_changes_answers_at_most(kind: str, data: st.DataObject) -> None:
    files = {"a.png": b"one" * 50, "b/c.png": b"two"}
    whole = {"zip": zipped(files), "tar": tarred(files), "gzip": gzip.compress(tarred(files), mtime=0)}[kind]
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BrokenArchive, BrokenMember):
        read({"zip": zip_members, "tar": by_tar, "gzip": by_gzip}[kind], bytes(changed))


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (zip_members, zipped({"a.png": bytes(3_000_000), "b.png": b"b"})),
        (by_gzip, gzip.compress(tarred({"a.png": bytes(3_000_000)}))),
    ],
    ids=["zip", "gzip"],
)
def test_what_unpacks_to_too_much_is_read_no_further(reader: Reader, data: bytes) -> None:
    assert len(data) < 10_000
    with pytest.raises(BrokenArchive, match="unpacks to more than the 1,000,000 bytes"):
        read(reader, data, budget(size=1_000_000))


def test_pieces_are_small_however_well_they_were_packed() -> None:
    [member] = zip_members(io.BytesIO(zipped({"a.png": bytes(3_000_000)})), budget())
    assert max(len(piece) for piece in member.pieces) <= 1 << 16


def test_too_many_entries() -> None:
    files = {f"{number}.png": b"" for number in range(101)}
    with pytest.raises(BrokenArchive, match="more than the 100 entries"):
        next(zip_members(io.BytesIO(zipped(files)), budget()))
    with pytest.raises(BrokenArchive, match="more than the 100 entries"):
        read(by_tar, tarred(files))


def test_a_zip_that_states_fewer_entries_than_it_has() -> None:
    data = bytearray(zipped({f"{number}.png": b"" for number in range(101)}))
    struct.pack_into("<2H", data, len(data) - 14, 1, 1)
    with pytest.raises(BrokenArchive, match="more than the 100 entries"):
        read(zip_members, bytes(data))


def test_a_broken_file_of_a_zip_does_not_break_those_behind_it() -> None:
    data = bytearray(zipped({"a.png": b"first" * 100, "b.png": b"second"}, zipfile.ZIP_STORED))
    data[data.index(b"first")] ^= 1
    members = zip_members(io.BytesIO(bytes(data)), budget())
    with pytest.raises(BrokenMember, match="checksum"):
        b"".join(next(members).pieces)
    second = next(members)
    assert (second.name, b"".join(second.pieces)) == ("b.png", b"second")


def test_the_name_of_a_file_in_a_tar_is_not_read_whatever_its_length() -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 5_000_000
    with pytest.raises(BrokenArchive, match="is said to take 5,000,000 bytes"):
        read(by_tar, header.tobuf(tarfile.GNU_FORMAT) + bytes(5_000_000))


def test_a_spool_gives_back_what_was_put_into_it() -> None:
    file = io.BytesIO()
    spool = Spool(file)
    for name, content in FILES.items():
        spool.begin(name)
        for start in range(0, len(content), 70_000):
            spool.write(content[start : start + 70_000])
        spool.end()

    assert read(spooled_members, file.getvalue()) == FILES
