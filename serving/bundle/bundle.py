"""The files of a bundle, and the zip of them."""

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import IO, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from models_store import artifacts
from models_store.artifacts import Manifest
from models_store.errors import NotFound
from models_store.evaluations.evaluation import Evaluations, read_evaluations
from models_store.experiments.record import Record
from models_store.frozen import JsonObject
from models_store.models.serving_info import SERVING_FILE, ServingInfo, read_serving_info

_NETWORKS = (artifacts.ONNX_FILE, artifacts.KERAS_FILE)
# Packages, and which of their modules a bundle holds, None for all. `imaging.augmentation` needs OpenCV, and most of
# `serving` needs the store.
_SHIPPED: dict[str, frozenset[str] | None] = {
    "imaging": None,
    "imaging.digits": None,
    "serving": frozenset({"__init__.py", "session.py", "verdict.py"}),
}
_SUFFIXES = (".py", ".npz")
_RUNS_WITH = ("numpy", "pillow", "onnxruntime")
_READABLE = 0o644 << 16  # a zip keeps the mode of Unix there


def required_versions() -> dict[str, str]:
    """The packages that `predict.py` needs, in the versions that the service runs with."""
    return {name: version(name) for name in _RUNS_WITH}


class Bundle(NamedTuple):
    """`folder` holds the published result; `max_pixels` is the service's limit for an image."""

    record: Record
    folder: Path
    manifest: Manifest
    max_pixels: int

    @classmethod
    def of(cls, record: Record, folder: Path, max_pixels: int) -> "Bundle":
        """Raises Damaged, and NotFound if no network was published."""
        manifest = artifacts.read_manifest(folder)
        for name in (*_NETWORKS, SERVING_FILE):
            if name not in manifest.files:
                raise NotFound(f"experiment {record.id} has published no {name}, so it has no bundle")
        return cls(record, folder, manifest, max_pixels)

    @property
    def sources(self) -> list[object]:
        """What its bytes depend on, beside the documents."""
        record = self.record.model_dump(mode="json", exclude={"version", "peeks"})
        return [record, self.manifest.model_dump(mode="json"), self.max_pixels]

    @property
    def info(self) -> ServingInfo:
        """Raises Damaged."""
        return read_serving_info(self.folder)

    @property
    def evaluations(self) -> Evaluations:
        """Empty for results of older versions, without the test split while that is hidden. Raises Damaged."""
        found = read_evaluations(self.folder) if artifacts.EVALUATION_FILE in self.manifest.files else {}
        return {split: each for split, each in found.items() if split != "test" or not self.record.test_hidden}

    @property
    def copied(self) -> list[str]:
        """The published files that go into it as they are."""
        results = () if self.record.test_hidden else (artifacts.EVALUATION_FILE,)
        return [name for name in (*_NETWORKS, SERVING_FILE, *results) if name in self.manifest.files]

    def write(self, target: IO[bytes], documents: Mapping[str, str]) -> None:
        """Write the zip, the same bytes each time; networks are copied in pieces. `documents` are further texts, by
        file name. Raises Damaged if a published file does not match its sha256."""
        with ZipFile(target, "w") as archive:
            for name in self.copied:
                self._copy(name, archive)
            for name, text in (*documents.items(), *self._generated()):
                archive.writestr(self._member(name), text)

    def _copy(self, name: str, archive: ZipFile) -> None:
        entry = self.manifest.files[name]
        member = self._member(name)
        member.file_size = entry.bytes  # zipfile decides by it whether to use ZIP64
        with archive.open(member, "w") as file:
            artifacts.PublishedFile(path=self.folder / name, sha256=entry.sha256).copy_into(file)

    def _member(self, name: str) -> ZipInfo:
        member = ZipInfo(name, self.record.created_at.timetuple()[:6])
        member.external_attr = _READABLE
        # Weights deflate by a tenth at best, and take ten times as long.
        member.compress_type = ZIP_STORED if name in _NETWORKS else ZIP_DEFLATED
        return member

    def _generated(self) -> Iterator[tuple[str, str | bytes]]:
        """Names and contents of the files that were not published."""
        info = self.info
        yield "labels.json", _json(info.labels)
        yield "preprocessing.json", _json(_preprocessing(info, self.max_pixels))
        yield "spec.json", _json(self.record.spec.document)
        yield "predict.py", resources.files("serving.bundle").joinpath("predict.py").read_text("utf-8")
        for package, shipped in _SHIPPED.items():
            for module in sorted(resources.files(package).iterdir(), key=lambda each: each.name):
                if module.name.endswith(_SUFFIXES) and (shipped is None or module.name in shipped):
                    yield f"{package.replace('.', '/')}/{module.name}", module.read_bytes()


def _preprocessing(info: ServingInfo, max_pixels: int) -> JsonObject:
    """The arguments of `imaging.decode.decode` and `imaging.preparation.prepare_image`, and their result."""
    return {
        "max_pixels": max_pixels,
        "image_shape": info.image_shape,
        "dtype": "uint8" if info.takes_images else "float32",
        "resize": info.resize,
        "digit_form": info.digit_form,
        "white": info.white,
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
