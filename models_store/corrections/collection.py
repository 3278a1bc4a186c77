"""Collection of corrections into the images of a dataset."""

import hashlib
import lzma
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from models_store.artifacts import write_manifest
from models_store.corrections.correction import Correction, read_correction
from models_store.datasets.images import DATA_FILE, INDEX, INDEX_FILE, NAMES_FILE, StoredImages
from models_store.datasets.record import Contents, Size, Unreadable
from models_store.errors import Damaged, NotFound

_MAX_LISTED = 100

Rows = NDArray[Any]


def collect(folder: Path, staged: Path, prediction_ids: Sequence[str], classes: Sequence[str]) -> Contents | None:
    """Write the files of `models_store.datasets.images` into the empty `staged`, from the corrections in the dataset
    `folder`; None if none of them is readable. All are in the train split, because they are not a random sample.

    Images that were collected before keep their numbers, which results refer to.
    """
    rows: list[tuple[Any, ...]] = []
    names: list[str] = []
    unreadable: list[Unreadable] = []
    with (staged / DATA_FILE).open("wb") as data:
        for prediction_id in _in_order(folder, prediction_ids):
            try:
                correction = read_correction(folder, prediction_id)
                rows.append(_row(correction, classes, data.tell()))
            except (Damaged, FileNotFoundError) as error:
                unreadable.append(Unreadable(name=prediction_id, reason=str(error)))
                continue
            data.write(correction.image)
            names.append(correction.name)
    if not rows:
        return None
    index = np.array(rows, dtype=INDEX)
    np.save(staged / INDEX_FILE, index)
    (staged / NAMES_FILE).write_bytes(lzma.compress(orjson.dumps(names), preset=1))
    write_manifest(staged)
    return _contents(index, classes, unreadable, sum(path.stat().st_size for path in staged.iterdir()))


def _in_order(folder: Path, prediction_ids: Sequence[str]) -> list[str]:
    try:
        names = StoredImages(folder).names
    except (Damaged, NotFound):
        names = []
    places = {Path(name).stem: place for place, name in enumerate(names)}
    return sorted(prediction_ids, key=lambda each: (places.get(each, len(places)), each))


def _row(correction: Correction, classes: Sequence[str], offset: int) -> tuple[Any, ...]:
    if correction.label not in classes:
        raise Damaged(f"{correction.label} is not a class of this dataset")
    digest = np.frombuffer(hashlib.sha256(correction.image).digest(), dtype=np.uint8)
    label = classes.index(correction.label)
    sides = (correction.height, correction.width, correction.channels)
    return (offset, len(correction.image), label, 0, *sides, digest)


def _contents(index: Rows, classes: Sequence[str], unreadable: Sequence[Unreadable], size: int) -> Contents:
    counts = np.bincount(index["label"], minlength=len(classes)).tolist()
    pairs, of_size = np.unique(np.stack([index["height"], index["width"]], axis=1), axis=0, return_counts=True)
    sizes = [Size(height=int(h), width=int(w), count=int(n)) for (h, w), n in zip(pairs, of_size, strict=True)]
    shape = (sizes[0].height, sizes[0].width, int(index["channels"].max())) if len(sizes) == 1 else None
    return Contents(
        classes=tuple(classes),
        counts={"train": tuple(counts), "test": (0,) * len(classes)},
        image_shape=shape,
        sizes=tuple(sorted(sizes, key=lambda each: -each.count)),
        sizes_found=len(sizes),
        unreadable=tuple(unreadable)[:_MAX_LISTED],
        unreadable_files=len(unreadable),
        warnings=tuple(_warnings(classes, counts)),
        bytes=size,
    )


def _warnings(classes: Sequence[str], counts: Sequence[int]) -> list[str]:
    missing = [name for name, count in zip(classes, counts, strict=True) if count == 0]
    if not missing:
        return []
    shown = ", ".join(missing[:10]) + (f" and {len(missing) - 10} more" if len(missing) > 10 else "")
    sentence = (
        f"no images of {shown}: an experiment needs `split: {{stratify: false}}`, or `classes` that names those that "
        "have some"
    )
    return [sentence]
