"""Published results: folders that appear whole, each with a manifest of sizes and sha256 sums."""

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from models_store.errors import Damaged, NotFound
from models_store.files import sha256_of, write_synced
from models_store.frozen import Frozen
from models_store.versions import SCHEMA_VERSION, SchemaVersion

ARTIFACTS = "artifacts"
MANIFEST_FILE = "manifest.json"
EVALUATION_FILE = "evaluation.json"
KERAS_FILE = "model.keras"
ONNX_FILE = "model.onnx"
_PIECE_BYTES = 1 << 20


class ManifestEntry(Frozen):
    sha256: str
    bytes: int


class Manifest(Frozen):
    schema_version: SchemaVersion = SCHEMA_VERSION
    files: dict[str, ManifestEntry]


def write_manifest(folder: Path, heartbeat: Callable[[], None] = lambda: None) -> None:
    """Describe every file of the staged `folder`; the last file written before it is published.

    Files are read in pieces; `heartbeat` is called after each.
    """
    files = {path.name: _describe(path, heartbeat) for path in sorted(folder.iterdir()) if path.name != MANIFEST_FILE}
    write_synced(folder / MANIFEST_FILE, Manifest(files=files).model_dump_json(indent=1).encode())


def _describe(path: Path, heartbeat: Callable[[], None]) -> ManifestEntry:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
            heartbeat()
    return ManifestEntry(sha256=digest.hexdigest(), bytes=size)


def read_manifest(folder: Path) -> Manifest:
    """Raises NotFound if nothing is published, Damaged if the manifest is missing or does not parse."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except FileNotFoundError as error:
        if folder.is_dir():
            raise Damaged(f"{MANIFEST_FILE} of a published result is missing") from error
        raise NotFound("no published result: only a succeeded experiment has one") from error
    except ValidationError as error:
        raise Damaged(f"{MANIFEST_FILE} does not parse: it was changed after publication") from error


class PublishedFile(Frozen):
    """A published file and the sha256 of its content."""

    path: Path
    sha256: str

    def read(self) -> bytes:
        """Return the content. Raises Damaged if it does not match the sha256."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError as error:
            raise self._missing_error() from error
        if sha256_of(data) != self.sha256:
            raise self._mismatch_error()
        return data

    def copy_into(self, target: IO[bytes]) -> None:
        """Copy the content into `target` in pieces. Raises Damaged, at the end, if it does not match the sha256:
        discard the copy then."""
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    digest.update(piece)
                    target.write(piece)
        except FileNotFoundError as error:
            raise self._missing_error() from error
        if digest.hexdigest() != self.sha256:
            raise self._mismatch_error()

    def _missing_error(self) -> Damaged:
        return Damaged(f"{self.path.name} is missing; the manifest lists it")

    def _mismatch_error(self) -> Damaged:
        return Damaged(f"{self.path.name} does not match its sha256 in the manifest: expected {self.sha256}")


def published_file(folder: Path, name: str) -> PublishedFile:
    """Raises NotFound if the manifest does not list `name`, Damaged."""
    return PublishedFile(path=folder / name, sha256=_entry(folder, name).sha256)


def read_verified(folder: Path, name: str) -> bytes:
    """Return the content of a published file. Raises NotFound, Damaged if it does not match the manifest."""
    return published_file(folder, name).read()


def check_size(folder: Path, name: str) -> None:
    """Raise Damaged if a published file is missing or has another size, NotFound if it was never published."""
    _check_size(str(folder), name, _entry(folder, name))


def check_sizes(folder: Path) -> None:
    """Raise Damaged if any published file is missing or has another size: a stat for each, nothing is read."""
    # Joined as text: for each of a hundred thousand experiments a path takes longer than what it is for.
    text = str(folder)
    for name, entry in read_manifest(folder).files.items():
        _check_size(text, name, entry)


def _entry(folder: Path, name: str) -> ManifestEntry:
    entry = read_manifest(folder).files.get(name)
    if entry is None:
        raise NotFound(f"{name} is not published: the manifest does not list it")
    return entry


def _check_size(folder: str, name: str, entry: ManifestEntry) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        found = os.stat(f"{folder}/{name}")  # noqa: PTH116 - see check_sizes
        if stat.S_ISREG(found.st_mode) and found.st_size == entry.bytes:
            return
    raise Damaged(f"{name} is missing or does not have the {entry.bytes:,} bytes that the manifest lists")
