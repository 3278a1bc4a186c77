"""A folder of images as one zip, made on the way."""

import contextlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def as_archive(path: Path) -> Iterator[BinaryIO]:
    """The archive at `path`, or the folder there as a zip in a temporary file. Hidden files are left out; images are
    stored as they are, because they hardly get smaller."""
    if path.is_file():
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w") as packed:
            for each in sorted(path.rglob("*")):
                inside = each.relative_to(path)
                if each.is_file() and not any(part.startswith(".") for part in inside.parts):
                    packed.write(each, inside.as_posix())
        file.seek(0)
        yield file
