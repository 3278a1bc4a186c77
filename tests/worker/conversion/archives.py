"""Archives, honest and hostile, made in memory."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping

from PIL import Image

Files = Mapping[str, bytes]


def image(gray: int = 0, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    colour = gray if mode == "L" else (gray, 10, 20)
    Image.new(mode, size, colour).save(file, "PNG")
    return file.getvalue()


def two_classes(prefix: str = "") -> dict[str, bytes]:
    return {f"{prefix}{label}/{number}.png": image(20 * number + len(label)) for label in ("cat", "horse")
            for number in range(3)}  # fmt: skip


def zipped(files: Files, change: Callable[[zipfile.ZipInfo], None] = lambda info: None, method: int = 8) -> bytes:
    """A zip of two honest classes and `files`; `change` is called with the entries of `files`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in two_classes().items():
            archive.writestr(name, data)
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            change(info)
            archive.writestr(info, data)
    return file.getvalue()


def renamed(old: bytes, new: bytes) -> bytes:
    """A name that zipfile would not write, in both places where it stands."""
    assert len(old) == len(new)
    return zipped({old.decode(): image()}).replace(old, new)


def with_mode(mode: int) -> bytes:
    def change(info: zipfile.ZipInfo) -> None:
        info.create_system = 3
        info.external_attr = mode << 16

    return zipped({"cat/special.png": b"../../../etc/passwd"}, change)


def encrypted() -> bytes:
    """The bit that says so, in the local and in the central header of the last entry."""
    data = bytearray(zipped({"cat/secret.png": image(7)}))
    local = data.rindex(b"PK\3\4")
    central = data.rindex(b"PK\1\2")
    data[local + 6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def wrong_sum() -> bytes:
    data = bytearray(zipped({"cat/wrong.png": b"no image, but long enough to be found"}, method=0))
    place = data.index(b"no image")
    data[place] ^= 1
    return bytes(data)


def lying_size() -> bytes:
    """Says that it unpacks to 10 bytes, and holds a hundred megabytes."""
    data = bytearray(zipped({"cat/bomb.png": bytes(100_000_000)}))
    central = data.rindex(b"PK\1\2")
    data[central + 24 : central + 28] = struct.pack("<I", 10)
    return bytes(data)


def overlapping() -> bytes:
    """Two entries of the directory that point at the same bytes."""
    data = bytearray(zipped({"cat/one.png": image(1), "cat/two.png": image(1)}))
    entries = [place for place in range(len(data)) if data[place : place + 4] == b"PK\1\2"]
    data[entries[-1] + 42 : entries[-1] + 46] = data[entries[-2] + 42 : entries[-2] + 46]
    return bytes(data)


def tarred(entries: list[tuple[str, bytes, bytes]], format: int = tarfile.PAX_FORMAT, **headers: str) -> bytes:  # noqa: A002
    """A tar of two honest classes and `entries`: name, type, content."""
    file = io.BytesIO()
    honest = [(name, tarfile.REGTYPE, data) for name, data in two_classes().items()]
    with tarfile.open(fileobj=file, mode="w", format=format) as archive:
        for name, kind, data in [*honest, *entries]:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.size = len(data)
            if kind != tarfile.REGTYPE:
                info.linkname = "../../outside"
            if (name, kind, data) in entries:
                info.pax_headers = headers
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def only(files: Files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def _cut(data: bytes, length: int) -> bytes:
    return data[:length]


_LINK = (tarfile.SYMTYPE, b"")
# What is sent, and what the rejection says of it.
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "traversal": (lambda: zipped({"../outside.png": image()}), "'../outside.png' has '..' in its path"),
    "deep traversal": (lambda: zipped({"cat/../../outside.png": image()}), "has '..' in its path"),
    "absolute": (lambda: zipped({"/outside.png": image()}), "'/outside.png' is an absolute name"),
    "drive": (lambda: zipped({"C:outside.png": image()}), "'C:outside.png' is an absolute name"),
    "backslash": (lambda: zipped({"cat\\..\\outside.png": image()}), "has a backslash in its name"),
    "NUL": (lambda: renamed(b"cat/nul0.png", b"cat/nul\0.png"), "has a NUL in its name"),
    "control character": (lambda: zipped({"cat/a\nb.png": image()}), "has a control character"),
    "symlink": (lambda: with_mode(0o120777), "'cat/special.png' is a link, a device or a pipe"),
    "device": (lambda: with_mode(0o060666), "is a link, a device or a pipe"),
    "pipe": (lambda: with_mode(0o010666), "is a link, a device or a pipe"),
    "encrypted": (encrypted, "'cat/secret.png' is encrypted"),
    "other method": (lambda: zipped({"cat/a.png": image()}, method=zipfile.ZIP_LZMA), "packed by method 14"),
    "nested by name": (lambda: zipped({"cat/more.zip": b"anything"}), "is an archive within the archive"),
    "nested by content": (lambda: zipped({"cat/more.png": only(two_classes())}), "is an archive within the archive"),
    "ratio": (lambda: zipped({"cat/bomb.png": bytes(10_000_000)}), "unpacks to more than 100 times its size"),
    "lying size": (lying_size, "the zip is broken or cut short"),
    "large file": (lambda: zipped({"cat/a.png": bytes(3_000_000)}, method=0), "has more than 2,000,000 bytes"),
    "count": (lambda: zipped({f"cat/n{n}.png": b"" for n in range(60)}), "more than 50 entries"),
    "overlapping": (overlapping, "'cat/two.png' overlaps 'cat/one.png'"),
    "same name by case": (lambda: zipped({"CAT/0.png": image()}), "'CAT/0.png' is the same name as 'cat/0.png'"),
    "same name by form": (
        lambda: zipped({"cat/\u00e9.png": image(), "cat/e\u0301.png": image()}),
        "but for case or Unicode form",
    ),
    "class by case": (lambda: zipped({"CAT/9.png": image()}), "'CAT' and 'cat' differ in case only"),
    "twice": (lambda: tarred([("cat/0.png", tarfile.REGTYPE, image())]), "'cat/0.png' is twice in it"),
    "long name": (lambda: zipped({f"cat/{'a' * 300}.png": image()}), "is too long"),
    "deep": (lambda: zipped({"a/b/c/d/e/f/g.png": image()}), "lies too deep"),
    "deep class": (lambda: zipped({"cat/young/1.png": image()}), "'cat/young/1.png' lies too deep"),
    "hidden": (lambda: zipped({"cat/.bashrc": image()}), "'cat/.bashrc' is hidden"),
    "empty": (lambda: only({}), "there is no file in it"),
    "one class": (lambda: only({"cat/1.png": image()}), "one class only, 'cat'"),
    "empty class": (lambda: zipped({"dog/": b""}), "the class folder 'dog' is empty"),
    "loose file": (lambda: zipped({"1.png": image()}), "'1.png' lies beside the class folders"),
    "unreadable class": (lambda: zipped({"dog/1.png": b"text"}), "class 'dog' has no image that can be read"),
    "class in test only": (
        lambda: only({**two_classes("train/"), "test/dog/1.png": image()}),
        "class 'dog' is in test/ only",
    ),
    "truncated zip": (lambda: zipped({})[:-30], "the zip is broken or cut short"),
    "wrong sum": (wrong_sum, "the zip is broken or cut short: Bad CRC-32"),
    "not an archive": (image, "no archive that is read here"),
    "nothing": (lambda: b"", "no archive that is read here"),
    "tar: traversal": (lambda: tarred([("../out.png", tarfile.REGTYPE, image())]), "has '..' in its path"),
    "tar: absolute": (lambda: tarred([("/out.png", tarfile.REGTYPE, image())]), "is an absolute name"),
    "tar: symlink": (lambda: tarred([("cat/link.png", *_LINK)]), "'cat/link.png' is a link"),
    "tar: hard link": (lambda: tarred([("cat/link.png", tarfile.LNKTYPE, b"")]), "'cat/link.png' is a link"),
    "tar: device": (lambda: tarred([("cat/dev.png", tarfile.CHRTYPE, b"")]), "'cat/dev.png' is a link, a device"),
    "tar: pipe": (lambda: tarred([("cat/pipe.png", tarfile.FIFOTYPE, b"")]), "'cat/pipe.png' is a link"),
    "tar: pax path": (
        lambda: tarred([("cat/ok.png", tarfile.REGTYPE, image())], path="../../outside.png"),
        "has '..' in its path",
    ),
    "tar: pax sparse": (
        lambda: tarred(
            [("cat/hole.png", tarfile.REGTYPE, image())],
            **{"GNU.sparse.map": "0,1", "GNU.sparse.size": "9999999999"},
        ),
        "sparse, not a plain file",
    ),
    "tar: cut in a file": (lambda: _cut(tarred([]), 3000), "cut short"),
    "tar: cut between files": (lambda: _cut(tarred([]), 1024), "the tar is cut short"),
    "tar.gz: cut": (lambda: _cut(gzip.compress(tarred([])), 300), "the tar is broken or cut short"),
    "tar.gz: bomb": (
        lambda: gzip.compress(tarred([("__MACOSX/a.bin", tarfile.REGTYPE, bytes(50_000_000))])),
        "unpacks to more than",
    ),
    "tar.gz: broken": (lambda: gzip.compress(tarred([]))[:-8] + bytes(8), "the tar is broken or cut short"),
    "gz of something else": (lambda: gzip.compress(b"x" * 2000), "the tar is broken or cut short"),
}

__all__ = ["HOSTILE", "image", "only", "tarred", "two_classes", "zipped"]
