"""The published result of an experiment: a folder that appears whole, with a manifest of sha256 sums."""

import hashlib
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from models_store.errors import Damaged, NotFound
from models_store.experiments.record import SCHEMA_VERSION, Frozen
from models_store.files import sha256_of, write_synced

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
    schema_version: int = SCHEMA_VERSION
    files: dict[str, ManifestEntry]


def write_manifest(folder: Path) -> None:
    """Describe every file of the staged `folder`; the last file written before it is published."""
    files = {
        path.name: ManifestEntry(sha256=sha256_of(data := path.read_bytes()), bytes=len(data))
        for path in sorted(folder.iterdir())
        if path.name != MANIFEST_FILE
    }
    write_synced(folder / MANIFEST_FILE, Manifest(files=files).model_dump_json(indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """Raise NotFound if nothing was published, Damaged if the manifest does not parse."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except FileNotFoundError as error:
        if folder.is_dir():
            raise Damaged(f"{MANIFEST_FILE} is missing from a published result") from error
        raise NotFound("this experiment has published no result (it has not succeeded)") from error
    except ValidationError as error:
        raise Damaged(f"{MANIFEST_FILE} does not parse; it was changed after it was published") from error


class PublishedFile(Frozen):
    """A published file, and what it must hold."""

    path: Path
    sha256: str

    def read(self) -> bytes:
        """Return its content if that matches the sha256; raise Damaged otherwise."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError as error:
            raise self._missing() from error
        if sha256_of(data) != self.sha256:
            raise self._changed()
        return data

    def copy_into(self, target: IO[bytes]) -> None:
        """Write its content into `target`, a piece at a time, however large it is. Raises Damaged, at the end, if it
        does not match the sha256: what `target` has then is of no use."""
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    digest.update(piece)
                    target.write(piece)
        except FileNotFoundError as error:
            raise self._missing() from error
        if digest.hexdigest() != self.sha256:
            raise self._changed()

    def _missing(self) -> Damaged:
        return Damaged(f"{self.path.name} is missing, though the manifest names it")

    def _changed(self) -> Damaged:
        return Damaged(f"{self.path.name} does not match its sha256 in the manifest: expected {self.sha256}")


def published_file(folder: Path, name: str) -> PublishedFile:
    """Find it in the manifest; raise Damaged or NotFound otherwise."""
    entry = read_manifest(folder).files.get(name)
    if entry is None:
        raise NotFound(f"this experiment has published no {name}")
    return PublishedFile(path=folder / name, sha256=entry.sha256)


def read_verified(folder: Path, name: str) -> bytes:
    """Return a published file's content if it matches the manifest; raise Damaged or NotFound otherwise."""
    return published_file(folder, name).read()


def check_size(folder: Path, name: str) -> None:
    """Raise Damaged if a published file is missing or has another size, NotFound if it was never published."""
    entry = read_manifest(folder).files.get(name)
    if entry is None:
        raise NotFound(f"this experiment has published no {name}")
    _check_entry(folder / name, entry)


def check_sizes(folder: Path) -> None:
    """Raise Damaged if a published file is missing or has another size: the cheap check, for many experiments."""
    for name, entry in read_manifest(folder).files.items():
        _check_entry(folder / name, entry)


def _check_entry(path: Path, entry: ManifestEntry) -> None:
    if not path.is_file() or path.stat().st_size != entry.bytes:
        raise Damaged(f"{path.name} is missing or not {entry.bytes} bytes long, as the manifest says")


def check_all(folder: Path) -> None:
    """Raise Damaged unless every published file matches its sha256."""
    for name in read_manifest(folder).files:
        read_verified(folder, name)
