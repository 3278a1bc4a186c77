"""Hostile archives, each with what rejects it: the reader, or the rules of an upload."""

import gzip
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Literal, NamedTuple

from archives.member import Limits
from tests.support.archives import image, tar_with, two_classes, zip_of, zip_with


def renamed(old: bytes, new: bytes) -> bytes:
    """With a name that zipfile would not write, in both headers."""
    assert len(old) == len(new)
    return zip_with({old.decode(): image()}).replace(old, new)


def with_mode(mode: int) -> bytes:
    def change(info: zipfile.ZipInfo) -> None:
        info.create_system = 3
        info.external_attr = mode << 16

    return zip_with({"cat/special.png": b"../../../etc/passwd"}, change)


def encrypted() -> bytes:
    """With the flag of encryption in both headers of the last entry."""
    data = bytearray(zip_with({"cat/secret.png": image(7)}))
    local = data.rindex(b"PK\3\4")
    central = data.rindex(b"PK\1\2")
    data[local + 6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def wrong_sum() -> bytes:
    data = bytearray(zip_with({"cat/wrong.png": b"no image, but long enough to be found"}, method=0))
    place = data.index(b"no image")
    data[place] ^= 1
    return bytes(data)


def lying_size() -> bytes:
    """The directory states 10 bytes for a file of a hundred megabytes."""
    data = bytearray(zip_with({"cat/bomb.png": bytes(100_000_000)}))
    central = data.rindex(b"PK\1\2")
    data[central + 24 : central + 28] = struct.pack("<I", 10)
    return bytes(data)


def overlapping() -> bytes:
    """Two entries of the directory share their data."""
    data = bytearray(zip_with({"cat/one.png": image(1), "cat/two.png": image(1)}))
    entries = [place for place in range(len(data)) if data[place : place + 4] == b"PK\1\2"]
    data[entries[-1] + 42 : entries[-1] + 46] = data[entries[-2] + 42 : entries[-2] + 46]
    return bytes(data)


def shuffled_and_overlapping() -> bytes:
    """The same, with the directory in another order than the data."""
    data = overlapping()
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    entries = [b"PK\1\2" + each for each in data[start:end].split(b"PK\1\2")[1:]]
    return data[:start] + b"".join([*entries[3:], *entries[:3]]) + data[end:]


def over_the_directory() -> bytes:
    """The data of the last entry reaches into the directory."""
    data = bytearray(zip_with({"cat/one.png": image(1)}))
    central = data.rindex(b"PK\1\2")
    data[central + 20 : central + 24] = struct.pack("<I", 10_000)
    return bytes(data)


def long_extension() -> bytes:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 5_000_000
    return header.tobuf(tarfile.GNU_FORMAT) + bytes(5_000_000)


def sparse_gnu() -> bytes:
    header = tarfile.TarInfo("cat/hole.png")
    header.type = tarfile.GNUTYPE_SPARSE
    return header.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def _file(name: str, data: bytes | None = None) -> bytes:
    return tar_with([(name, tarfile.REGTYPE, image() if data is None else data)])


def _special(kind: bytes) -> bytes:
    return tar_with([("cat/special.png", kind, b"")])


class Hostile(NamedTuple):
    """`by` is what rejects it: the reader, for an upload and a batch alike, the whole "archive" or one "member" of it;
    or what only an upload checks: the kind of a member ("special"), a "name", or that it is a "dataset"."""

    make: Callable[[], bytes]
    reason: str
    by: Literal["archive", "member", "special", "name", "dataset"]


LIMITS = Limits(entries=50, bytes=20_000_000, file_bytes=2_000_000)
_SPECIAL = "'cat/special.png' is a link, a device, a pipe or sparse"
_INSIDE = "expected a path inside the archive"
HOSTILE = {
    "not an archive": Hostile(image, "neither a zip nor a tar", "archive"),
    "nothing": Hostile(lambda: b"", "the 0 bytes received are neither", "archive"),
    "count": Hostile(lambda: zip_with({f"cat/n{n}.png": b"" for n in range(60)}), "more than 50 entries", "archive"),
    "truncated zip": Hostile(lambda: zip_with({})[:-30], "the zip is cut short", "archive"),
    "overlapping": Hostile(overlapping, "'cat/two.png' overlaps 'cat/one.png'", "archive"),
    "overlapping, shuffled": Hostile(shuffled_and_overlapping, "overlaps 'cat/", "archive"),
    "over the directory": Hostile(over_the_directory, "'cat/one.png' overlaps its directory", "archive"),
    "encrypted": Hostile(encrypted, "is encrypted; send the archive without a password", "member"),
    "other method": Hostile(lambda: zip_with({"cat/a.png": image()}, method=zipfile.ZIP_LZMA), "method 14", "member"),
    "ratio": Hostile(
        lambda: zip_with({"cat/bomb.png": bytes(10_000_000)}), "unpacks to more than 100 times its size", "member"
    ),
    "lying size": Hostile(lying_size, "unpacks to more than the 10 bytes that the archive states", "member"),
    "large file": Hostile(
        lambda: zip_with({"cat/a.png": bytes(3_000_000)}, method=0), "has more than 2,000,000 bytes", "member"
    ),
    "wrong sum": Hostile(wrong_sum, "is broken: it does not match its checksum", "member"),
    "tar: cut in a file": Hostile(lambda: tar_with([])[:3000], "the tar is cut short", "archive"),
    "tar: cut between files": Hostile(lambda: tar_with([])[:1024], "the tar is cut short", "archive"),
    "tar: large file": Hostile(lambda: _file("cat/a.png", bytes(3_000_000)), "has more than 2,000,000 bytes", "member"),
    "tar: long extension": Hostile(long_extension, "states an extended header of 5,000,000 bytes", "archive"),
    "tar: sparse": Hostile(sparse_gnu, "'cat/hole.png' is sparse", "archive"),
    "tar.gz: cut": Hostile(lambda: gzip.compress(tar_with([]))[:300], "the tar is broken or cut short", "archive"),
    "tar.gz: bomb": Hostile(
        lambda: gzip.compress(_file("__MACOSX/a.bin", bytes(50_000_000))), "unpacks to more than", "archive"
    ),
    "tar.gz: broken": Hostile(
        lambda: gzip.compress(tar_with([]))[:-8] + bytes(8), "the tar is broken or cut short", "archive"
    ),
    "gz of something else": Hostile(lambda: gzip.compress(b"x" * 2000), "the tar is broken or cut short", "archive"),
    "symlink": Hostile(lambda: with_mode(0o120777), _SPECIAL, "special"),
    "device": Hostile(lambda: with_mode(0o060666), _SPECIAL, "special"),
    "pipe": Hostile(lambda: with_mode(0o010666), _SPECIAL, "special"),
    "tar: symlink": Hostile(lambda: _special(tarfile.SYMTYPE), _SPECIAL, "special"),
    "tar: hard link": Hostile(lambda: _special(tarfile.LNKTYPE), _SPECIAL, "special"),
    "tar: device": Hostile(lambda: _special(tarfile.CHRTYPE), _SPECIAL, "special"),
    "tar: pipe": Hostile(lambda: _special(tarfile.FIFOTYPE), _SPECIAL, "special"),
    "tar: contiguous": Hostile(lambda: _special(tarfile.CONTTYPE), _SPECIAL, "special"),
    "tar: pax sparse": Hostile(
        lambda: tar_with(
            [("cat/special.png", tarfile.REGTYPE, image())],
            **{"GNU.sparse.map": "0,1", "GNU.sparse.size": "9999999999"},
        ),
        _SPECIAL,
        "special",
    ),
    "traversal": Hostile(lambda: zip_with({"../outside.png": image()}), "'../outside.png' has '..' in its", "name"),
    "deep traversal": Hostile(lambda: zip_with({"cat/../../out.png": image()}), "has '..' in its path", "name"),
    "absolute": Hostile(lambda: zip_with({"/outside.png": image()}), f"is an absolute path, {_INSIDE}", "name"),
    "drive": Hostile(lambda: zip_with({"C:outside.png": image()}), f"is an absolute path, {_INSIDE}", "name"),
    "backslash": Hostile(lambda: zip_with({"cat\\..\\out.png": image()}), "has a backslash in its name", "name"),
    "NUL": Hostile(lambda: renamed(b"cat/nul0.png", b"cat/nul\0.png"), "has a NUL in its name", "name"),
    "control character": Hostile(lambda: zip_with({"cat/a\nb.png": image()}), "has a control character", "name"),
    "not UTF-8": Hostile(lambda: renamed("cat/é.png".encode(), b"cat/\xff\xfe.png"), "is not UTF-8", "name"),
    "same name by case": Hostile(
        lambda: zip_with({"CAT/0.png": image()}), "'CAT/0.png' is the same name as 'cat/0.png'", "name"
    ),
    "same name by form": Hostile(
        lambda: zip_with({"cat/\u00e9.png": image(), "cat/e\u0301.png": image()}),
        "but for case or Unicode form",
        "name",
    ),
    "twice": Hostile(lambda: _file("cat/0.png"), "'cat/0.png' is in it twice", "name"),
    "long name": Hostile(lambda: zip_with({f"cat/{'a' * 300}.png": image()}), "is too long", "name"),
    "deep": Hostile(lambda: zip_with({"a/" * 40 + "g.png": image()}), "lies too deep", "name"),
    "nested by name": Hostile(lambda: zip_with({"cat/more.zip": b"anything"}), "archive within the archive", "name"),
    "tar: traversal": Hostile(lambda: _file("../out.png"), "has '..' in its path", "name"),
    "tar: absolute": Hostile(lambda: _file("/out.png"), "is an absolute path", "name"),
    "tar: not UTF-8": Hostile(lambda: _file("cat/\udcff.png"), "is not UTF-8", "name"),
    "tar: pax path": Hostile(
        lambda: tar_with([("cat/ok.png", tarfile.REGTYPE, image())], path="../../outside.png"),
        "has '..' in its path",
        "name",
    ),
    "nested by content": Hostile(
        lambda: zip_with({"cat/more.png": zip_of(two_classes())}), "is an archive within the archive", "dataset"
    ),
    "class by case": Hostile(
        lambda: zip_with({"CAT/9.png": image()}), "'CAT' and 'cat' differ in case only", "dataset"
    ),
    "deep class": Hostile(lambda: zip_with({"cat/young/1.png": image()}), "'cat/young/1.png' is too deep", "dataset"),
    "too deep by far": Hostile(
        lambda: zip_with({"a/b/c/d/e/f.png": image()}), "'a/b/c/d/e/f.png' is too deep", "dataset"
    ),
    "empty": Hostile(lambda: zip_of({}), "it has no images", "dataset"),
    "no images": Hostile(
        lambda: zip_of({"LICENSE": b"x", ".git/a.png": image(), "cat/a.txt": b"text"}),
        "it has no images, only 3 other files, such as 'LICENSE'",
        "dataset",
    ),
    "one class": Hostile(lambda: zip_of({"cat/1.png": image()}), "one class only, 'cat'", "dataset"),
    "empty class": Hostile(lambda: zip_with({"dog/": b""}), "the class folder 'dog' is empty", "dataset"),
    "loose file": Hostile(lambda: zip_with({"1.png": image()}), "'1.png' is beside the class folders", "dataset"),
    "unreadable class": Hostile(
        lambda: zip_with({"dog/1.png": b"text"}), "class 'dog' has no readable image", "dataset"
    ),
    "class in test only": Hostile(
        lambda: zip_of({**two_classes("train/"), "test/dog/1.png": image()}), "class 'dog' is in test only", "dataset"
    ),
}
