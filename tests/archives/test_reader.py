"""The reader on archives that the standard library writes, and on hostile ones."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import Limits
from archives.names import quote
from archives.reader import open_archive
from tests.archives import hostile
from tests.archives.hostile import HOSTILE
from tests.support.archives import oldest_tar_of, tar_of, zip_of
from tests.support.examples import examples

FILES = {"digits/3.png": b"three", "empty.png": b"", "long/" + 150 * "n" + ".png": bytes(200_000), "ä.png": b"\0\1"}
LIMITS = Limits(entries=100, bytes=10_000_000, file_bytes=5_000_000)


def read(data: bytes, limits: Limits = LIMITS) -> dict[str, bytes]:
    members = open_archive(io.BytesIO(data), limits).members
    return {member.name: member.read() for member in members if member.kind == "file"}


ARCHIVES = {
    "zip": zip_of(FILES, folders=["digits"]),
    "stored": zip_of(FILES, zipfile.ZIP_STORED, ["digits"]),
    "pax": tar_of(FILES),
    "gnu": tar_of(FILES, tarfile.GNU_FORMAT),
    "gzip": gzip.compress(tar_of(FILES), mtime=0),
}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_oldest_tar_is_known_by_its_checksum(pack: Callable[[bytes], bytes]) -> None:
    files = {"digits/3.png": b"three", "ä.png": b"\0\1"}
    data = pack(oldest_tar_of({"digits/": b"", **files}))
    assert read(data) == files
    kinds = [member.kind for member in open_archive(io.BytesIO(data), LIMITS).members]
    assert kinds == ["folder", "file", "file"]


@pytest.mark.parametrize("start", [bytes(512), b"a text, " * 64, b"short"], ids=["zeros", "text", "short"])
def test_other_data_is_no_tar(start: bytes) -> None:
    with pytest.raises(InvalidArchive, match=r"neither a zip nor a tar nor a tar\.gz"):
        read(start)


@pytest.mark.parametrize("kind", ARCHIVES)
def test_files_are_read_in_order(kind: str) -> None:
    assert list(read(ARCHIVES[kind]).items()) == list(FILES.items())


@pytest.mark.parametrize("kind", ARCHIVES)
def test_files_need_not_be_read(kind: str) -> None:
    members = open_archive(io.BytesIO(ARCHIVES[kind]), LIMITS).members
    assert [member.name for member in members if member.kind == "file"] == list(FILES)


@pytest.mark.parametrize(("kind", "kinds"), [("zip", ["folder"]), ("pax", ["folder", "special"])])
def test_folders_and_links_are_no_files(kind: str, kinds: list[str]) -> None:
    members = open_archive(io.BytesIO(ARCHIVES[kind]), LIMITS).members
    assert [member.kind for member in members if member.kind != "file"] == kinds


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"Rar!\x1a\7\0", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (bz2.compress(b"tar"), "compressed by bzip2"),
        (lzma.compress(b"tar"), "compressed by xz"),
        (b"PK\7\x08PK\3\4", "a part of a split zip"),
    ],
    ids=["rar", "7z", "bzip2", "xz", "split"],
)
def test_archives_of_other_formats_are_named(start: bytes, name: str) -> None:
    with pytest.raises(InvalidArchive, match=f"nor a tar.gz, but {name}; pack the files as one of these"):
        read(start + bytes(600))


def test_zip_states_its_entries() -> None:
    assert open_archive(io.BytesIO(ARCHIVES["zip"]), LIMITS).entries == 5
    assert open_archive(io.BytesIO(ARCHIVES["pax"]), LIMITS).entries is None


def test_zip_with_another_order_in_its_directory() -> None:
    data = zip_of({"a.png": b"a", "b.png": b"b", "c.png": b"c"})
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    entries = [b"PK\1\2" + each for each in data[start:end].split(b"PK\1\2")[1:]]
    shuffled = data[:start] + b"".join([entries[1], entries[2], entries[0]]) + data[end:]
    assert list(read(shuffled)) == ["b.png", "c.png", "a.png"]


def test_zip_behind_other_data() -> None:
    members = open_archive(io.BytesIO(b"PK\3\4 some program" + ARCHIVES["zip"]), LIMITS).members
    assert {member.name: member.read() for member in members if member.kind == "file"} == FILES


def test_zip_with_64_bit_sizes_and_offsets() -> None:
    plain = zip_of({"1.png": b"one"})
    # The same directory in 64 bits, as in a zip of more than 4 GB.
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
    assert read(plain[:at] + wide + end64 + locator + last) == {"1.png": b"one"}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_truncated_archive_is_rejected_at_any_length(kind: str) -> None:
    data = ARCHIVES[kind]
    whole = len(data.rstrip(b"\0")) if kind in ("pax", "gnu") else len(data)
    for length in [*range(1, whole, max(1, whole // 50)), whole - 1]:
        with pytest.raises((InvalidArchive, UnreadableMember)):
            read(data[:length])


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(sorted(ARCHIVES)), st.data())
def test_changed_bytes_raise_only_archive_errors(kind: str, data: st.DataObject) -> None:
    changed = bytearray(ARCHIVES[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(InvalidArchive, UnreadableMember):
        read(bytes(changed))


@pytest.mark.parametrize("pack", [zip_of, lambda files: gzip.compress(tar_of(files))])
def test_too_many_bytes_are_not_unpacked(pack: Callable[[dict[str, bytes]], bytes]) -> None:
    data = pack({f"{number}.png": bytes(900_000) for number in range(3)})
    assert len(data) < 10_000
    with pytest.raises(InvalidArchive, match="unpacks to more than 1,000,000 bytes"):
        read(data, LIMITS._replace(bytes=1_000_000))


def test_pieces_of_a_bomb_are_small() -> None:
    [member] = open_archive(io.BytesIO(zip_of({"a.png": bytes(900_000)})), LIMITS).members
    assert max(len(piece) for piece in member.pieces) <= 1 << 16


def test_too_many_entries_are_rejected() -> None:
    files = {f"{number}.png": b"" for number in range(101)}
    with pytest.raises(InvalidArchive, match="more than 100 entries"):
        open_archive(io.BytesIO(zip_of(files)), LIMITS)
    with pytest.raises(InvalidArchive, match="more than 100 entries"):
        read(tar_of(files))


def test_zip_with_unstated_entries_is_rejected() -> None:
    data = bytearray(zip_of({f"{number}.png": b"" for number in range(101)}))
    struct.pack_into("<2H", data, len(data) - 14, 1, 1)
    with pytest.raises(InvalidArchive, match="more than 100 entries"):
        read(bytes(data))


@pytest.mark.parametrize("step", [30, -30])
def test_million_entries_are_not_read(step: int) -> None:
    """Of which the end of the directory states one; also if they are not in the order of the data."""
    entry = np.dtype([("begin", "V42"), ("offset", "<u4"), ("name", "S1")])
    entries = np.zeros(1_000_000, entry)
    entries["begin"] = np.void(struct.pack("<4s24xH12x", b"PK\1\2", 1))
    entries["offset"], entries["name"] = np.arange(len(entries)) * step % 30_000, b"a"
    directory = entries.tobytes()
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), 30_000, 0)
    file = CountedFile(b"PK\3\4".ljust(30_000, b"\0") + directory + end)

    with pytest.raises(InvalidArchive, match="more than 100 entries"):
        list(open_archive(file, LIMITS).members)

    assert file.read_bytes < 1_000_000


class CountedFile(io.BytesIO):
    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


@pytest.mark.parametrize("kind", ["checksum", "large"])
def test_unreadable_member_does_not_break_the_next(kind: str) -> None:
    first = b"first" * 100
    if kind == "checksum":
        data = bytearray(zip_of({"a.png": first, "b.png": b"second"}, zipfile.ZIP_STORED))
        data[data.index(b"first")] ^= 1
    else:
        data = bytearray(tar_of({"a.png": first * 100, "b.png": b"second"}))
    limits = LIMITS._replace(file_bytes=10_000)
    members = (each for each in open_archive(io.BytesIO(data), limits).members if each.kind == "file")

    with pytest.raises(UnreadableMember, match="checksum" if kind == "checksum" else "more than 10,000 bytes"):
        next(members).read()
    second = next(members)
    assert (second.name, second.read()) == ("b.png", b"second")


def read_all(data: bytes) -> None:
    for member in open_archive(io.BytesIO(data), hostile.LIMITS).members:
        with suppress(UnreadableMember):
            member.read()


@pytest.mark.parametrize("case", [case for case, each in HOSTILE.items() if each.by == "archive"])
def test_hostile_archive_is_invalid(case: str) -> None:
    with pytest.raises(InvalidArchive) as error:
        read_all(HOSTILE[case].make())
    assert HOSTILE[case].reason in str(error.value)


@pytest.mark.parametrize("case", [case for case, each in HOSTILE.items() if each.by == "member"])
def test_hostile_member_is_unreadable(case: str) -> None:
    members = open_archive(io.BytesIO(HOSTILE[case].make()), hostile.LIMITS).members
    *_, seventh = islice(members, 7)
    with pytest.raises(UnreadableMember) as error:
        seventh.read()
    assert HOSTILE[case].reason in str(error.value)


@pytest.mark.parametrize("case", [case for case, each in HOSTILE.items() if each.by == "special"])
def test_links_and_devices_are_special(case: str) -> None:
    members = open_archive(io.BytesIO(HOSTILE[case].make()), hostile.LIMITS).members
    assert [member.kind for member in members] == ["file"] * 6 + ["special"]


@pytest.mark.parametrize("case", [case for case, each in HOSTILE.items() if each.by == "name"])
def test_hostile_names_are_only_names(case: str) -> None:
    names = [member.name for member in open_archive(io.BytesIO(HOSTILE[case].make()), hostile.LIMITS).members]
    assert len(names) > 6
    assert all(quote(name).isprintable() for name in names)
