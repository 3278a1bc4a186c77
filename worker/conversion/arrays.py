"""Arrays of images and labels: Keras's .npz, which is a zip of .npy files, and the IDX files that MNIST comes in."""

import gzip
import math
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from archives.errors import InvalidArchive, UnreadableMember
from archives.member import Budget
from archives.names import quote
from imaging.png import encode_png
from specs.splits import SourceSplit
from worker.conversion.labeled_images import LabeledImages
from worker.conversion.labels import Label
from worker.conversion.members import Listing, UploadedFiles, file_digest
from worker.conversion.row_images import RowImage, label_row_images
from worker.conversion.split_names import split_of
from worker.jobs.messages import ConversionJob

Array = NDArray[Any]
_GZIP = b"\x1f\x8b"
_IDX_BYTES = b"\0\0\x08"  # of unsigned bytes; the number of dimensions follows
_IMAGES = frozenset({"x", "image", "images", "img", "imgs", "data", "features"})
_LABELS = frozenset({"y", "label", "labels", "target", "targets"})
_TEST_SPLIT = re.compile(r"t10k", re.IGNORECASE)  # MNIST's name of its test split
_CHANNELS = (1, 3)
_WHITE = 255
_PIECE = 1 << 20
_NamedPath = tuple[str, Path]
_EXPECTED = (
    "expected arrays of images and of labels under such names as x_train.npy and y_train.npy, x_test.npy and "
    "y_test.npy (a .npz has them), or train-images-idx3-ubyte and train-labels-idx1-ubyte"
)


class _Role(NamedTuple):
    """What the name of an array says: what it holds, of which split, and the words beside that, of one dataset."""

    holds: Literal["images", "labels"]
    split: SourceSplit
    beside: tuple[str, ...]

    @property
    def other(self) -> "_Role":
        return self._replace(holds="labels" if self.holds == "images" else "images")


class ArrayTable:
    """Images, (n, height, width, 1 or 3), and as many labels."""

    def __init__(self, path: Path, name: str, images: Array, labels: Array, split: SourceSplit) -> None:
        self.path = path
        self.name = name
        self._images = images
        self._labels = labels
        self._split = split
        file = name.rpartition("/")[2]
        self._found_as = file if split_of(_stem(file)) else ""

    def read_labels(self) -> Iterator[Label | None]:
        """Of all images. Raises InvalidArchive."""
        for value in self._labels:
            yield self._label(value)

    def read_images(self) -> Iterator[RowImage]:
        """All images as PNG, one in memory at a time. Raises InvalidArchive for pixels that are not from 0 to 255."""
        for number, (pixels, value) in enumerate(zip(self._images, self._labels, strict=True)):
            if pixels.min() < 0 or pixels.max() > _WHITE:
                raise InvalidArchive(
                    f"{quote(self.name)}, image {number}: its values are from {pixels.min()} to {pixels.max()}; "
                    f"expected 0 to {_WHITE}"
                )
            gray = pixels.shape[2] == 1
            image = Image.fromarray(np.array(pixels[..., 0] if gray else pixels, dtype=np.uint8, order="C"))
            yield RowImage(self._label(value), f"{self.name}/{number}", encode_png(image))

    def _label(self, value: Any) -> Label:
        return Label(self._split, str(value), self._found_as)


def label_arrays(
    job: ConversionJob, files: UploadedFiles, listing: Listing, heartbeat: Callable[[], None]
) -> LabeledImages:
    """The images of `listing.arrays`; no array is unpickled, or loaded as a whole. Raises InvalidArchive."""
    found, ignored = _unpack_all(job, files, listing, heartbeat)
    warnings = [f"the name of {quote(name)} does not say what it holds, and it is left out" for name in ignored]
    tables = []
    for role, (name, path) in found.items():
        other = found.get(role.other)
        if other is None:
            warnings.append(f"{quote(name)} has no {role.other.holds} beside it, and is left out")
        elif role.holds == "images":
            tables.append(_open_table((name, path), other, role.split))
    for path in {path for _, path in found.values()} - {table.path for table in tables}:
        path.unlink()  # what is mapped into memory stays
    if not tables:
        names = ", ".join(quote(file.name) for file in listing.arrays[:3])
        raise InvalidArchive(f"its arrays {names} are no images with labels; {_EXPECTED}")
    labeled = label_row_images(job, tables, listing, heartbeat)
    return labeled._replace(
        warnings=(*warnings, *labeled.warnings), ignored_files=labeled.ignored_files + len(warnings)
    )


def _unpack_all(
    job: ConversionJob, files: UploadedFiles, listing: Listing, heartbeat: Callable[[], None]
) -> tuple[dict[_Role, _NamedPath], list[str]]:
    """Each array on disk, once if it is packed twice, and the names of those that do not say what they hold."""
    roles = {file.position: role for file in listing.arrays if (role := _role(file.path[-1]))}
    paths = {position: job.staged / f"{position}.array" for position in roles}
    files.copy(paths, heartbeat)
    budget = Budget(job.limits._replace(file_bytes=job.limits.bytes))
    found: dict[_Role, _NamedPath] = {}
    digests: dict[_Role, bytes] = {}
    for file in listing.arrays:
        role = roles.get(file.position)
        if role is None:
            continue
        path = paths[file.position]
        _unpack(path, file.name, budget, heartbeat)
        digest = file_digest(path)
        first, kept = found.setdefault(role, (file.name, path))
        if digests.setdefault(role, digest) != digest:
            raise InvalidArchive(
                f"{quote(first)} and {quote(file.name)} are both {role.holds} of the {role.split} split; pack one of "
                "them"
            )
        if path != kept:
            path.unlink()
    return found, [file.name for file in listing.arrays if file.position not in roles]


def _stem(file: str) -> str:
    return _TEST_SPLIT.sub("test", file.removesuffix(".gz").removesuffix(".npy"))


def _role(file: str) -> _Role | None:
    stem = _stem(file)
    words = [word for word in re.findall("[a-z]+", stem.casefold()) if word not in ("idx", "ubyte")]
    split = split_of(stem) or "train"
    holds: Literal["images", "labels"] = "labels" if _LABELS & set(words) else "images"
    if split == "unlabeled" or not (_LABELS | _IMAGES) & set(words):
        return None
    beside = tuple(word for word in words if word not in _LABELS | _IMAGES and split_of(word) is None)
    return _Role(holds, split, beside)


def _open_table(images: _NamedPath, labels: _NamedPath, split: SourceSplit) -> ArrayTable:
    (name, path), (labels_name, labels_path) = images, labels
    pixels = _as_images(_open_array(path, name), name)
    values = _as_labels(_open_array(labels_path, labels_name), labels_name)
    if len(pixels) != len(values):
        raise InvalidArchive(
            f"{quote(name)} has {len(pixels):,} images, {quote(labels_name)} {len(values):,} labels; expected as many"
        )
    return ArrayTable(path, name, pixels, values, split)


def _as_images(array: Array, name: str) -> Array:
    """As (n, height, width, 1 or 3)."""
    if array.dtype.kind not in "ui":
        raise InvalidArchive(
            f"{quote(name)} has values of {array.dtype}; expected integers from 0 to {_WHITE}: multiply fractions by "
            f"{_WHITE} and save them as uint8"
        )
    side = math.isqrt(array.shape[1]) if array.ndim == 2 else 0
    if side and side * side == array.shape[1]:
        return array.reshape(len(array), side, side, 1)
    if array.ndim == 3 and array.size:
        return array[..., None]
    if array.ndim == 4 and array.size and array.shape[3] in _CHANNELS:
        return array
    if array.ndim == 4 and array.size and array.shape[1] in _CHANNELS:
        return array.transpose(0, 2, 3, 1)
    raise InvalidArchive(
        f"{quote(name)} has the shape {array.shape}; expected (images, height, width), or with 1 or 3 channels behind "
        "or before the height and width"
    )


def _as_labels(array: Array, name: str) -> Array:
    """As (n,), integers or text."""
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if flat.ndim != 1 or flat.dtype.kind not in "uiU":
        raise InvalidArchive(
            f"{quote(name)} has the shape {array.shape} of {array.dtype}; expected one label for each image, integers "
            "or text; of one-hot labels save `labels.argmax(axis=1)`"
        )
    return flat


def _open_array(path: Path, name: str) -> Array:
    """Mapped into memory. Raises InvalidArchive."""
    try:
        with path.open("rb") as file:
            if file.read(len(_IDX_BYTES)) == _IDX_BYTES:
                return _open_idx(file, path)
        with np.errstate(over="raise"):  # sizes of a header that no file has
            array: Array = np.lib.format.open_memmap(path, mode="r")  # never unpickles
        return array
    except (ValueError, TypeError, OSError, ArithmeticError) as error:
        raise InvalidArchive(f"{quote(name)} is no array of numbers that can be read: {error}; {_EXPECTED}") from error


def _open_idx(file: BinaryIO, path: Path) -> Array:
    """`file` is read up to the number of dimensions. Raises ValueError."""
    header = file.read(1)
    header += file.read(4 * header[0]) if header else b""
    shape = [int.from_bytes(header[at : at + 4], "big") for at in range(1, len(header), 4)]
    offset, expected, size = len(_IDX_BYTES) + len(header), math.prod(shape), path.stat().st_size
    if not shape or len(header) != 1 + 4 * header[0] or offset + expected != size:
        raise ValueError(f"an IDX file of {size:,} bytes, which is not as long as its header says")
    return np.memmap(path, dtype=np.uint8, mode="r", offset=offset, shape=tuple(shape))


def _unpack(path: Path, name: str, budget: Budget, heartbeat: Callable[[], None]) -> None:
    """Replace a file that gzip has compressed by its content."""
    with path.open("rb") as file:
        if file.read(len(_GZIP)) != _GZIP:
            return
    target = path.with_suffix(".unpacked")
    try:
        with gzip.open(path) as packed, target.open("wb") as unpacked:
            for piece in budget.bound(iter(lambda: packed.read(_PIECE), b""), path.stat().st_size):
                unpacked.write(piece)
                heartbeat()
    except UnreadableMember as error:
        raise InvalidArchive(f"{quote(name)} {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidArchive(f"{quote(name)} is damaged: {error}") from error
    target.replace(path)
