"""Arrays of images and labels: Keras's .npz, which is a zip of .npy files, and the IDX files that MNIST comes in."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from archives.errors import InvalidArchive
from archives.member import Budget
from archives.names import quote
from imaging.png import encode_png, to_image
from worker.conversion.array_files import EXPECTED, Array, ArrayFile, Header, read_header, unpack
from worker.conversion.array_names import Role, read_name
from worker.conversion.labeled_images import LabeledImages
from worker.conversion.labels import Label, clean, is_missing, whole_number
from worker.conversion.members import FoundFile, Listing, UploadedFiles, count_common_folders, file_digest
from worker.conversion.row_images import RowImage, label_row_images
from worker.jobs.messages import ConversionJob

_CHANNELS = (1, 3)
_WHITE = 255
Heartbeat = Callable[[], None]


class _Pair(NamedTuple):
    """`role` is that of the images. Several files of one role are copies, or else rejected; `found_as` is what names
    the split. `shape` is (height, width, channels)."""

    role: Role
    images: list[FoundFile]
    labels: list[FoundFile]
    found_as: str
    images_header: Header
    labels_header: Header
    shape: tuple[int, int, int]


class ArrayTable:
    """Images, (n, height, width, 1 or 3) in one of several layouts, and as many labels."""

    def __init__(self, pair: _Pair, images: ArrayFile, labels: ArrayFile) -> None:
        self.path = images.path
        self.name = images.name
        self._pair = pair
        self._images = images
        self._labels = labels

    def read_labels(self) -> Iterator[Label | None]:
        """Of all images. Raises InvalidArchive."""
        for name in _read_names(self._labels):
            yield self._label(name)

    def read_images(self) -> Iterator[RowImage]:
        """All images as PNG, a few in memory at a time; what has no label has no content. The labels are deleted behind
        the last one. Raises InvalidArchive for pixels that are not from 0 to 255."""
        images = (pixels for batch in self._images.read() for pixels in _arrange(batch, self._pair.shape))
        for number, (pixels, name) in enumerate(zip(images, _read_names(self._labels), strict=True)):
            label = self._label(name)
            yield RowImage(label, f"{self.name}/{number}", self._encode(number, pixels) if label else b"")
        self._labels.path.unlink()

    def _encode(self, number: int, pixels: Array) -> bytes:
        if pixels.min() < 0 or pixels.max() > _WHITE:
            raise InvalidArchive(
                f"{quote(self.name)}, image {number}: its values are from {pixels.min()} to {pixels.max()}; expected 0 "
                f"to {_WHITE}"
            )
        return encode_png(to_image(np.array(pixels, dtype=np.uint8, order="C")))

    def _label(self, name: str) -> Label | None:
        return None if is_missing(name) else Label(self._pair.role.split, name, self._pair.found_as)


def label_arrays(job: ConversionJob, files: UploadedFiles, listing: Listing, heartbeat: Heartbeat) -> LabeledImages:
    """The images of `listing.arrays`. Names and headers are judged before anything is unpacked. Raises
    InvalidArchive."""
    warnings: list[str] = []
    pairs = _find_pairs(job, files, listing, warnings, heartbeat)
    copied = [file for pair in pairs for file in (*pair.images, *pair.labels)]
    paths = {file.position: job.staged / f"{file.position}.array" for file in copied}
    files.copy(paths, heartbeat, max_ratio=None)  # blank images and sorted labels compress well
    budget = Budget(job.limits._replace(file_bytes=job.limits.bytes))
    for file in copied:
        unpack(paths[file.position], file.name, budget, heartbeat)
        heartbeat()

    def open_first(copies: Sequence[FoundFile], role: Role, header: Header) -> ArrayFile:
        """Delete the others, which are its copies."""
        first = copies[0]
        for file in copies[1:]:
            if file_digest(paths[file.position]) != file_digest(paths[first.position]):
                raise InvalidArchive(
                    f"{quote(first.name)} and {quote(file.name)} are both {role.holds} of the {role.split} split; "
                    "pack one of them"
                )
            paths[file.position].unlink()
            heartbeat()
        return ArrayFile(paths[first.position], first.name, header)

    tables = [
        ArrayTable(
            pair,
            open_first(pair.images, pair.role, pair.images_header),
            open_first(pair.labels, pair.role.other, pair.labels_header),
        )
        for pair in pairs
    ]
    labeled = label_row_images(job, tables, listing, heartbeat)
    left_out = len(listing.arrays) - 2 * len(tables)
    return labeled._replace(warnings=(*warnings, *labeled.warnings), ignored_files=labeled.ignored_files + left_out)


def _find_pairs(
    job: ConversionJob, files: UploadedFiles, listing: Listing, warnings: list[str], heartbeat: Heartbeat
) -> list[_Pair]:
    """By names and headers. What is left out is among the `warnings`. Raises InvalidArchive if nothing to train on is
    left, and for the arrays of several datasets."""
    found: dict[Role, list[FoundFile]] = defaultdict(list)
    found_as: dict[Role, str] = {}
    common = count_common_folders(listing.arrays)
    for file in listing.arrays:
        if naming := read_name(file.path, common):
            found[naming.role].append(file)
            found_as.setdefault(naming.role, naming.found_as)
        else:
            warnings.append(f"the name of {quote(file.name)} does not say what it holds, and it is left out")
    for role in [role for role in found if role.other not in found]:
        warnings.append(f"{quote(found[role][0].name)} has no {role.other.holds} beside it, and is left out")
        del found[role]
    starts = files.read_starts({copies[0].position for copies in found.values()}, heartbeat)
    pairs, faults = list[_Pair](), list[InvalidArchive]()
    for role, images in found.items():
        if role.holds == "images":
            labels = found[role.other]
            try:
                header, labels_header = (
                    read_header(starts[first.position], first.name) for first, *_ in (images, labels)
                )
                shape = _check(images[0].name, labels[0].name, header, labels_header, job.max_pixels)
                pairs.append(_Pair(role, images, labels, found_as[role], header, labels_header, shape))
            except InvalidArchive as error:
                faults.append(error)
    if faults and not any(pair.role.split == "train" for pair in pairs):
        raise faults[0]
    if not pairs:
        names = ", ".join(quote(file.name) for file in listing.arrays[:3])
        raise InvalidArchive(f"its arrays {names} are not images with labels; {EXPECTED}")
    _reject_several_datasets(pairs)
    warnings += [f"{error}; it is left out" for error in faults]
    return pairs


def _reject_several_datasets(pairs: Sequence[_Pair]) -> None:
    """Raises InvalidArchive."""
    names: dict[tuple[str, ...], str] = {}
    for pair in pairs:
        names.setdefault(pair.role.beside, pair.images[0].name)
    if len(names) > 1:
        raise InvalidArchive(
            f"its arrays are of {len(names)} datasets, whose names differ in more than the split, such as "
            f"{', '.join(map(quote, names.values()))}; expected those of one: pack each into an archive of its own"
        )


def _check(images: str, labels: str, header: Header, labels_header: Header, max_pixels: int) -> tuple[int, int, int]:
    """The shape of an image, (height, width, channels). Raises InvalidArchive."""
    height, width, _ = shape = _image_shape(header, images)
    if height * width > max_pixels:
        raise InvalidArchive(
            f"{quote(images)} has images of {height:,} x {width:,} pixels, which exceeds the limit of {max_pixels:,}; "
            "save smaller images"
        )
    one_each = labels_header.shape[1:] in ((), (1,)) and len(labels_header.shape) > 0
    if not one_each or labels_header.dtype.kind not in "uifU":
        raise InvalidArchive(
            f"{quote(labels)} has the shape {labels_header.shape} of {labels_header.dtype.name}; expected one label "
            "for each image, integers or text; of one-hot labels save `labels.argmax(axis=1)`"
        )
    if header.shape[0] != labels_header.shape[0]:
        raise InvalidArchive(
            f"{quote(images)} has {header.shape[0]:,} images, {quote(labels)} {labels_header.shape[0]:,} labels; "
            "expected as many"
        )
    return shape


def _image_shape(header: Header, name: str) -> tuple[int, int, int]:
    """(height, width, channels). Raises InvalidArchive."""
    if header.dtype.kind not in "ui":
        raise InvalidArchive(
            f"{quote(name)} has values of {header.dtype.name}; expected integers from 0 to {_WHITE}: multiply "
            f"fractions by {_WHITE} and save them as uint8"
        )
    if math.prod(header.shape):
        match header.shape:
            case (_, pixels) if (side := math.isqrt(pixels)) ** 2 == pixels:
                return side, side, 1
            case (_, height, width):
                return height, width, 1
            case (_, height, width, channels) if channels in _CHANNELS:
                return height, width, channels
            case (_, channels, height, width) if channels in _CHANNELS:
                return height, width, channels
    raise InvalidArchive(
        f"{quote(name)} has the shape {header.shape}; expected (images, height, width), or with 1 or 3 channels behind "
        "or before the height and width"
    )


def _arrange(batch: Array, shape: tuple[int, int, int]) -> Array:
    """As (n, height, width, channels)."""
    is_channels_first = batch.ndim == 4 and batch.shape[1:] != shape
    return batch.transpose(0, 2, 3, 1) if is_channels_first else batch.reshape(len(batch), *shape)


def _read_names(file: ArrayFile) -> Iterator[str]:
    """All labels as text. Raises InvalidArchive for fractions, and for what is not Unicode."""
    dtype, number = file.header.dtype, 0
    for batch in file.read():
        for value in _split_texts(batch) if dtype.kind == "U" else batch.reshape(-1).tolist():
            yield clean(_text(value, file.name, number, "utf-32-be" if dtype.str[0] == ">" else "utf-32-le"))
            number += 1


def _split_texts(batch: Array) -> Iterator[bytes]:
    """As they lie in the file: Python fails on some of those that are not Unicode, and accepts others."""
    data, width = batch.tobytes(), batch.dtype.itemsize
    return (data[at : at + width] for at in range(0, len(data), width))


def _text(value: Any, name: str, number: int, codec: str) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode(codec).rstrip("\0")
        except UnicodeDecodeError as error:
            raise InvalidArchive(
                f"{quote(name)}, label {number}: it is not Unicode text, {error.reason}; save the labels again as text "
                "or integers"
            ) from error
    if isinstance(value, int):
        return str(value)
    whole = whole_number(value, quote(name))
    return "" if whole is None else str(whole)
