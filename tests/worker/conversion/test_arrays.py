"""Arrays as Keras, MedMNIST and MNIST's own site have them."""

import gzip
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archives.errors import InvalidArchive
from imaging.decode import decode
from models_store.datasets.images import IMAGES, StoredImages
from tests.support.archives import image, zip_of
from tests.worker.conversion.test_parquet_images import convert_upload

X = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
Y = np.array([1, 0, 1, 0])


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def mnist(suffix: str = "-ubyte") -> dict[str, bytes]:
    return {
        f"train-images-idx3{suffix}": idx(X),
        f"train-labels-idx1{suffix}": idx(Y),
        f"t10k-images-idx3{suffix}": idx(X[:2] + 100),
        f"t10k-labels-idx1{suffix}": idx(Y[:2]),
    }


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(text: str) -> bytes:
    """Of a .npy file."""
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode("latin1")


def stored(folder: Path) -> list[np.ndarray]:
    images = StoredImages(folder)
    return [np.asarray(decode(images.read(number), 10_000)) for number in range(4)]


def test_npz_of_keras_has_both_splits(tmp_path: Path) -> None:
    contents = convert_upload(tmp_path, npz(x_train=X, y_train=Y, x_test=X[:2] + 100, y_test=Y[:2, None]))
    assert contents.classes == ("0", "1")
    assert contents.counts == {"train": (2, 2), "test": (1, 1)}
    assert contents.image_shape == (5, 6, 1)
    assert contents.split_names["test"] == ("x_test.npy",)
    assert np.array_equal(stored(tmp_path), X[[1, 3, 0, 2]])  # by class
    assert not list((tmp_path / IMAGES).glob("*.array"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_idx_files_have_both_splits(tmp_path: Path, pack: Any) -> None:
    suffix = "-ubyte" if pack is bytes else "-ubyte.gz"
    files = {f"MNIST/raw/{name}": pack(content) for name, content in mnist(suffix).items()}
    contents = convert_upload(tmp_path, zip_of(files))
    assert contents.counts == {"train": (2, 2), "test": (1, 1)}
    assert np.array_equal(stored(tmp_path), X[[1, 3, 0, 2]])


def test_idx_files_that_are_packed_twice_count_once(tmp_path: Path) -> None:
    files = mnist()
    copies = {f"{name}/{name}": content for name, content in files.items()}
    contents = convert_upload(tmp_path, zip_of({**files, **copies}))
    assert contents.counts == {"train": (2, 2), "test": (1, 1)}


@pytest.mark.parametrize(
    ("arrays", "shape"),
    [
        ({"train_images": np.stack([X] * 3, axis=-1), "train_labels": Y[:, None]}, (5, 6, 3)),
        ({"images": np.stack([X] * 3, axis=1), "labels": Y}, (5, 6, 3)),
        ({"X": X.reshape(4, -1)[:, :25], "y": np.array(["b", "a", "b", "a"])}, (5, 5, 1)),
        ({"data": X[..., None].astype(np.int64), "target": Y}, (5, 6, 1)),
    ],
    ids=["medmnist", "channels first", "rows", "int64"],
)
def test_shapes_and_names_as_people_have_them(tmp_path: Path, arrays: Any, shape: tuple[int, ...]) -> None:
    contents = convert_upload(tmp_path, npz(**arrays))
    assert (contents.image_shape, contents.counts["train"]) == (shape, (2, 2))
    assert contents.split_names == ({"train": ("train_images.npy",)} if "train_images" in arrays else {})


def test_validation_split_and_arrays_without_labels(tmp_path: Path) -> None:
    contents = convert_upload(tmp_path, npz(x_train=X, y_train=Y, x_val=X + 100, y_val=Y, x_test=X))
    assert contents.counts["validation"] == (2, 2)
    assert contents.warnings[0] == "'x_test.npy' has no labels beside it, and is left out"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": X / 255, "y_train": Y}, "has values of float64; expected integers from 0 to 255"),
        ({"x_train": X.astype(np.int16) * 9, "y_train": Y}, "image 0: its values are from 0 to 261; expected 0 to 255"),
        ({"x_train": X, "y_train": Y[:3]}, "has 4 images, 'y_train.npy' 3 labels; expected as many"),
        ({"x_train": X, "y_train": np.eye(2, dtype=int)[Y]}, r"of one-hot labels save `labels.argmax\(axis=1\)`"),
        ({"x_train": X[0], "y_train": Y}, r"has the shape \(5, 6\); expected \(images, height, width\)"),
        ({"x_train": X}, "are not images with labels; expected arrays of images and of labels"),
        ({"arr_0": X, "arr_1": Y}, "'arr_0.npy', 'arr_1.npy' are not images with labels"),
        ({"x_train": X, "images_train": X + 1, "y_train": Y}, "are both images of the train split; pack one of them"),
    ],
)
def test_other_arrays_are_rejected(tmp_path: Path, arrays: Any, message: str) -> None:
    with pytest.raises(InvalidArchive, match=message):
        convert_upload(tmp_path, npz(**arrays))


def test_arrays_beside_images_are_passed_over(tmp_path: Path) -> None:
    files = {"a/1.png": image(1), "b/2.png": image(2), "x_train.npy": b"", "y_train.npy": b""}
    contents = convert_upload(tmp_path, zip_of(files))
    assert (contents.classes, contents.ignored_files) == (("a", "b"), 2)


def test_images_of_too_many_pixels_are_rejected(tmp_path: Path) -> None:
    files = {"train-images-idx3-ubyte": b"\0\0\x08\3" + b"\xff" * 12, "train-labels-idx1-ubyte": idx(Y)}
    with pytest.raises(InvalidArchive, match="pixels, which exceeds the limit of 10,000; save smaller images"):
        convert_upload(tmp_path, zip_of(files))


def test_arrays_of_several_datasets_are_rejected(tmp_path: Path) -> None:
    files = {
        f"gzip/emnist-{name}-{split}-{holds}-ubyte.gz": gzip.compress(idx(array))
        for name in ("balanced", "letters")
        for split in ("train", "test")
        for holds, array in (("images-idx3", X), ("labels-idx1", Y))
    }
    message = (
        r"its arrays are of 2 datasets, .* 'gzip/emnist-balanced-train-images-idx3-ubyte\.gz', "
        r"'gzip/emnist-letters-train-images-idx3-ubyte\.gz'; expected those of one"
    )
    with pytest.raises(InvalidArchive, match=message):
        convert_upload(tmp_path, zip_of(files))
    (tmp_path / "one").mkdir()
    one = {name: content for name, content in files.items() if "letters" in name}
    assert convert_upload(tmp_path / "one", zip_of(one)).counts == {"train": (2, 2), "test": (2, 2)}


@pytest.mark.parametrize("labels", [["a", "", " b ", "nan"], [1.0, np.nan, 0.0, np.nan]], ids=["text", "numbers"])
def test_missing_labels_are_left_out(tmp_path: Path, labels: list[Any]) -> None:
    contents = convert_upload(tmp_path, npz(x=X, y=np.array(labels)))
    assert contents.classes == (("a", "b") if labels[0] == "a" else ("0", "1"))
    assert contents.counts["train"] == (1, 1)
    assert contents.warnings[0] == "2 rows have no label and are left out"


def test_fractions_are_no_labels(tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive, match=r"'y\.npy' has the label 0\.5; expected text or integers"):
        convert_upload(tmp_path, npz(x=X, y=np.array([0.0, 1.0, 0.5, 1.0])))


@pytest.mark.parametrize(
    "names",
    ["trainX trainY testX testY", "Xtrain Ytrain Xtest Ytest", "trainImages trainLabels testImages testLabels"],
)
def test_names_in_one_word(tmp_path: Path, names: str) -> None:
    arrays = dict(zip(names.split(), (X, Y, X[:2], Y[:2]), strict=True))
    assert convert_upload(tmp_path, npz(**arrays)).counts == {"train": (2, 2), "test": (1, 1)}


def test_splits_of_folders(tmp_path: Path) -> None:
    files = {
        f"data/{split}/{name}.npy": npy(array) for split in ("train", "test") for name, array in (("x", X), ("y", Y))
    }
    contents = convert_upload(tmp_path, zip_of(files))
    assert contents.counts == {"train": (2, 2), "test": (2, 2)}
    assert contents.split_names == {"train": ("train",), "test": ("test",)}


def test_further_pair_that_is_ill_shaped_is_left_out(tmp_path: Path) -> None:
    contents = convert_upload(tmp_path, npz(x_train=X, y_train=Y, x_val=X[0], y_val=Y, meta_data=X[0], meta_label=Y))
    assert contents.counts == {"train": (2, 2), "test": (0, 0)}
    assert [warning.partition(" has ")[0] for warning in contents.warnings[:2]] == ["'x_val.npy'", "'meta_data.npy'"]
    assert contents.warnings[0].endswith("; it is left out")
    assert contents.ignored_files == 4


def test_tables_beside_arrays_are_passed_over(tmp_path: Path) -> None:
    files = {"x.npy": npy(X), "y.npy": npy(Y), "notes.csv": b"who,what\nme,you\n"}
    contents = convert_upload(tmp_path, zip_of(files))
    assert (contents.counts["train"], contents.ignored_files) == ((2, 2), 1)
    assert {path.suffix for path in (tmp_path / IMAGES).iterdir()}.isdisjoint({".csv", ".array"})
