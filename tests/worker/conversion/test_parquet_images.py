import io
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archives.errors import InvalidArchive
from archives.member import Limits
from models_store.datasets.images import IMAGES, StoredImages
from models_store.datasets.record import Contents, UploadOptions
from tests.support.archives import image, zip_of
from worker.conversion.convert import convert
from worker.jobs.messages import ConversionJob

LIMITS = Limits(entries=50, bytes=1_000_000, file_bytes=100_000)


def parquet(columns: dict[str, Any], names: list[str] | None = None) -> bytes:
    """`names` are the classes that Hugging Face's metadata has for integers."""
    table = pa.table(columns)
    if names is not None:
        feature = {"names": names, "_type": "ClassLabel"}
        metadata = orjson.dumps({"info": {"features": {"label": feature, "image": {"_type": "Image"}}}})
        table = table.replace_schema_metadata({"huggingface": metadata})
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def structs(kind: pa.DataType) -> pa.Array:
    """As Hugging Face has images, with bytes of any type."""
    images = [{"bytes": image(1), "path": None}, {"bytes": image(2), "path": None}]
    return pa.array(images, pa.struct([("bytes", kind), ("path", pa.string())]))


def hugging_face(labels: list[int], start: int = 0) -> bytes:
    images = [{"bytes": image(start + number), "path": f"{start + number}.png"} for number in range(len(labels))]
    return parquet({"image": images, "label": labels}, ["cat", "dog"])


def convert_upload(folder: Path, data: bytes, options: UploadOptions | None = None) -> Contents:
    (folder / IMAGES).mkdir()
    (folder / "archive").write_bytes(data)
    job = ConversionJob(
        archive=folder / "archive",
        staged=folder / IMAGES,
        limits=LIMITS,
        max_pixels=10_000,
        options=options or UploadOptions(),
    )
    return convert(job, lambda _: None)


def test_hugging_face_repository_has_names_and_splits(tmp_path: Path) -> None:
    files = {
        "pets-main/README.md": b"text",
        "pets-main/data/train-00000-of-00002.parquet": hugging_face([1, 0, 1]),
        "pets-main/data/train-00001-of-00002.parquet": hugging_face([0, -1], 10),
        "pets-main/data/validation-00000-of-00001.parquet": hugging_face([1], 20),
        "pets-main/data/test-00000-of-00001.parquet": hugging_face([-1, -1], 30),
    }
    contents = convert_upload(tmp_path, zip_of(files))

    assert contents.classes == ("cat", "dog")
    assert contents.counts == {"train": (2, 2), "test": (0, 0), "validation": (0, 1)}
    assert contents.split_names["validation"] == ("validation-00000-of-00001.parquet",)
    assert contents.warnings[0] == "3 rows have no label and are left out"
    assert contents.ignored_files == 1
    stored = StoredImages(tmp_path)
    assert stored.names == ["1.png", "10.png", "0.png", "2.png", "20.png"]
    assert stored.read(1) == image(10)
    assert not list((tmp_path / IMAGES).glob("*.parquet"))


@pytest.mark.parametrize(
    ("columns", "classes"),
    [
        ({"image": [image(1), image(2)], "label": ["dog", "cat"]}, ("cat", "dog")),
        ({"photo": [image(1), image(2)], "what": ["dog", "cat"]}, ("cat", "dog")),
        ({"id": [7, 8], "img": [image(1), image(2)], "species": ["dog", "cat"]}, ("cat", "dog")),
        ({"image": [image(1), image(2)], "label": [10, 9]}, ("9", "10")),
        ({"image": [image(1), image(2)], "label": pa.array(["dog", "cat"]).dictionary_encode()}, ("cat", "dog")),
        ({"image": pa.array([image(1), image(2)], pa.large_binary()), "label": [True, False]}, ("False", "True")),
        ({"image": pa.array([image(1), image(2)], pa.binary_view()), "label": ["dog", "cat"]}, ("cat", "dog")),
        ({"image": pa.array([image(1), image(2)]).dictionary_encode(), "label": [10.0, 9.0]}, ("9", "10")),
        ({"image": structs(pa.large_binary()), "label": pa.array(["b", "a"], pa.string_view())}, ("a", "b")),
        ({"image": structs(pa.binary_view()), "label": pa.array([7, 3]).dictionary_encode()}, ("3", "7")),
        ({"image": structs(pa.binary()), "label": pa.array(["b", "a"], pa.large_string())}, ("a", "b")),
        ({"image": [image(1), image(2)], "label": ["gro\u0308ße", " a "]}, ("a", "größe")),
    ],
    ids=[
        *("text", "other names", "known names", "integers", "categories", "booleans"),
        *("view", "binary categories", "large struct", "struct of views", "struct", "composed"),
    ],
)
def test_tidy_parquet_is_read_as_the_upload_itself(
    columns: dict[str, Any], classes: tuple[str, ...], tmp_path: Path
) -> None:
    contents = convert_upload(tmp_path, parquet(columns))

    assert (contents.classes, contents.counts["train"]) == (classes, (1, 1))
    assert StoredImages(tmp_path).read(1) == image(1)
    assert StoredImages(tmp_path).names == ["parquet/1", "parquet/0"]


def test_names_are_in_composed_form(tmp_path: Path) -> None:
    images = [{"bytes": image(n), "path": f"e\u0301{n}.png"} for n in range(2)]
    contents = convert_upload(tmp_path, parquet({"image": images, "label": [0, 1]}, ["a\u0308", " b "]))

    assert contents.classes == ("b", "ä")
    assert StoredImages(tmp_path).names == ["é1.png", "é0.png"]


@pytest.mark.parametrize(
    "columns",
    [
        {"path": ["img/a.png", "img/e\u0301.png", "x.png"], "label": ["cat", "dog", "cat"]},
        {"image": ["a", "é", None], "label": pa.array(["cat", "dog", None]).dictionary_encode()},
        {"file": pa.array(["a.png", "é.png"], pa.string_view()), "cat": [1.0, 0.0], "dog": [0, 1], "box": [[1], [2]]},
        {"id": pa.array(["a", "é"]).dictionary_encode(), "cat": [True, False], "dog": [False, True]},
    ],
    ids=["paths", "names", "one-hot", "booleans"],
)
def test_parquet_may_name_images_of_the_archive(columns: dict[str, Any], tmp_path: Path) -> None:
    files = {"img/a.png": image(1), "img/e\u0301.png": image(2), "labels.parquet": parquet(columns)}
    contents = convert_upload(tmp_path, zip_of(files), UploadOptions(layout="parquet"))

    assert (contents.classes, contents.counts["train"]) == (("cat", "dog"), (1, 1))
    assert StoredImages(tmp_path).names == ["img/a.png", "img/é.png"]
    assert not list((tmp_path / IMAGES).glob("*.parquet"))


def test_split_may_be_a_column(tmp_path: Path) -> None:
    columns = {"image": [image(n) for n in range(3)], "label": ["a", "b", "a"], "split": ["train", "train", "dev"]}
    assert convert_upload(tmp_path, parquet(columns)).counts["validation"] == (1, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PAR1" + bytes(100), "'parquet' cannot be read as parquet"),
        (hugging_face([0, 1])[:-20], "'parquet' cannot be read as parquet"),
        (parquet({"x": [1], "y": [2]}), "has the columns x (int64), y (int64); expected a column `image`"),
        (parquet({"image": [image(1)], "label": [7]}, ["cat"]), "has the label 7, but names 1 class"),
        (parquet({"image": [image(1)], "label": [None]}), "'parquet' has the columns image (binary), label (null)"),
        (parquet({"image": [image(1)], "label": pa.array([None], pa.int64())}), "none of its 1 row has a label"),
        (parquet({"image": [image(1)] * 60, "label": ["a", "b"] * 30}), "more than 50 entries"),
        (parquet({"image": [bytes(200_000)] * 2, "label": ["a", "b"]}), "has more than 100,000 bytes"),
        (parquet({"image": [image(1)], "label": ["a"], "split": ["left"]}), "has 'left' in its column 'split'"),
        (parquet({"image": [image(1)], "label": [0.5]}), "'parquet' has the label 0.5; expected text or integers"),
        (
            parquet({"image": [image(1)], "label": ["a|b"]}),
            "the label 'a|b' lists several; several labels per image are",
        ),
        (
            parquet({"image": [image(1)] * 4, "text": list("abcd")}),
            "each line of 'parquet' has a label of its own, such as 'a'",
        ),
        (parquet({"image": [image(1)], "label": ["nan"]}), "none of its 1 row has a label"),
        (parquet({"path": ["1.png"], "label": ["a"]}), "pack files and images into one archive if it only names them"),
        (parquet({"image": [image(1)] * 2, "label": ["a", "b\nc"]}), "has a control character"),
        (zip_of({"a.txt": b"x"}), "it has no .parquet file"),
    ],
    ids=[
        "broken",
        "cut",
        "columns",
        "class",
        "nulls",
        "unlabeled",
        "rows",
        "large",
        "split",
        "part",
        "list",
        "captions",
        "missing",
        "paths",
        "control",
        "no file",
    ],
)
def test_unusable_parquet_is_rejected(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        convert_upload(tmp_path, data, UploadOptions(layout="parquet"))
    assert reason in str(rejection.value)


def test_secret_labels_without_names_are_left_out(tmp_path: Path) -> None:
    def numbered(labels: list[int], start: int) -> bytes:
        return parquet({"image": [image(start + number) for number in range(len(labels))], "label": labels})

    files = {"train.parquet": numbered([1, 0, 1], 0), "test.parquet": numbered([-1, -1], 10)}
    contents = convert_upload(tmp_path, zip_of(files))

    assert (contents.classes, contents.counts["train"], contents.counts["test"]) == (("0", "1"), (1, 2), (0, 0))
    assert contents.warnings[0] == "2 rows have no label and are left out"


def test_file_that_is_packed_twice_is_read_once(tmp_path: Path) -> None:
    rows = hugging_face([0, 1, 0])
    contents = convert_upload(tmp_path, zip_of({"full/train.parquet": rows, "small/train.parquet": rows}))
    assert contents.counts["train"] == (2, 1)
    assert (
        contents.warnings[0] == "'small/train.parquet' is a copy of 'full/train.parquet', byte by byte, and is left out"
    )


def test_table_that_is_packed_twice_names_images_once(tmp_path: Path) -> None:
    table = parquet({"file": ["a.png", "b.png"], "label": ["cat", "dog"]})
    files = {"x/labels.parquet": table, "labels.parquet": table, "a.png": image(1), "b.png": image(2)}
    contents = convert_upload(tmp_path, zip_of(files), UploadOptions(layout="parquet"))
    assert (contents.classes, contents.counts["train"]) == (("cat", "dog"), (1, 1))


def test_arrays_are_named_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive, match=r"'x_train\.mat' holds arrays, which are not read: upload a \.npz of"):
        convert_upload(tmp_path, zip_of({"x_train.mat": b"MATLAB", "y_train.mat": b"MATLAB"}))
