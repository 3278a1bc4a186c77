"""Archives of images, made in memory."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence

from PIL import Image

from tests.support.image_files import encoded

Files = Mapping[str, bytes]


def image(gray: int = 0, size: tuple[int, int] = (8, 8), mode: str = "RGB") -> bytes:
    color = gray if mode == "L" else (gray, 10, 20)
    return encoded(Image.new(mode, size, color))


def two_classes(prefix: str = "") -> dict[str, bytes]:
    return {
        f"{prefix}{label}/{number}.png": image(20 * number + len(label))
        for label in ("cat", "horse")
        for number in range(3)
    }


def zip_of(files: Files, method: int = zipfile.ZIP_DEFLATED, folders: Sequence[str] = ()) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for folder in folders:
            archive.mkdir(folder)
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def zip_with(
    files: Files, change: Callable[[zipfile.ZipInfo], None] = lambda info: None, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Two honest classes and `files`; `change` is called with the entries of `files`."""
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


def tar_of(files: Files, form: int = tarfile.PAX_FORMAT) -> bytes:
    """With a folder and a link in front."""
    entries = [("digits", tarfile.DIRTYPE, b""), ("link.png", tarfile.SYMTYPE, b"")]
    return _tar([*entries, *((name, tarfile.REGTYPE, data) for name, data in files.items())], form)


def oldest_tar_of(files: Files) -> bytes:
    """As Unix's seventh edition has it: without a signature, and folders by the slash at the end of their names."""
    data = b""
    for name, content in files.items():
        fields = (b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % len(content), bytes(12))
        header = name.encode().ljust(100, b"\0") + b"".join(fields)
        checksum = b"%06o\0 " % (sum(header) + 8 * ord(" "))
        data += (header + checksum).ljust(512, b"\0") + content + bytes(-len(content) % 512)
    return data + bytes(1024)


def tar_with(entries: Sequence[tuple[str, bytes, bytes]], **headers: str) -> bytes:
    """Two honest classes and `entries`: name, type, content; these with extended `headers`."""
    honest = [(name, tarfile.REGTYPE, data) for name, data in two_classes().items()]
    return _tar([*honest, *entries], tarfile.PAX_FORMAT, headers, len(honest))


def _tar(
    entries: Sequence[tuple[str, bytes, bytes]], form: int, headers: Mapping[str, str] | None = None, first: int = 0
) -> bytes:
    """With extended `headers` from entry `first` on."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for number, (name, kind, data) in enumerate(entries):
            info = tarfile.TarInfo(name)
            info.type = kind
            info.size = len(data)
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = "../../outside/" + "x" * 200
            info.pax_headers = dict(headers or {}) if number >= first else {}
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()
