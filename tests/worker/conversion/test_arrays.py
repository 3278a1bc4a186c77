"""Arrays as Keras, MedMNIST and MNIST's own site have them."""

import gzip
import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archives.errors import InvalidArchive
from imaging.decode import decode
from models_store.datasets.images import IMAGES, StoredImages
from models_store.datasets.record import UploadOptions
from tests.support.archives import image, zip_of
from tests.worker.conversion.test_parquet_images import LIMITS, convert_upload
from worker.conversion.source import open_images
from worker.jobs.messages import ConversionJob

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


def test_pickled_arrays_are_not_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (tmp_path.joinpath("opened").touch, ())

    with pytest.raises(InvalidArchive, match=r"'x_train\.npy' is no array of numbers that can be read: .*object"):
        convert_upload(tmp_path, npz(x_train=np.array([Trap(), Trap()], dtype=object), y_train=Y[:2]))
    (tmp_path / "other").mkdir()
    with pytest.raises(InvalidArchive, match="no array of numbers"):
        convert_upload(tmp_path / "other", zip_of({"x_train.npy": pickle.dumps(X), "y_train.npy": pickle.dumps(Y)}))
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x_train": X / 255, "y_train": Y}, "has values of float64; expected integers from 0 to 255"),
        ({"x_train": X.astype(np.int16) * 9, "y_train": Y}, "image 0: its values are from 0 to 261; expected 0 to 255"),
        ({"x_train": X, "y_train": Y[:3]}, "has 4 images, 'y_train.npy' 3 labels; expected as many"),
        ({"x_train": X, "y_train": np.eye(2, dtype=int)[Y]}, r"of one-hot labels save `labels.argmax\(axis=1\)`"),
        ({"x_train": X[0], "y_train": Y}, r"has the shape \(5, 6\); expected \(images, height, width\)"),
        ({"x_train": X}, "are no images with labels; expected arrays of images and of labels"),
        ({"arr_0": X, "arr_1": Y}, "'arr_0.npy', 'arr_1.npy' are no images with labels"),
        ({"x_train": X, "images_train": X + 1, "y_train": Y}, "are both images of the train split; pack one of them"),
    ],
)
def test_other_arrays_are_rejected(tmp_path: Path, arrays: Any, message: str) -> None:
    with pytest.raises(InvalidArchive, match=message):
        convert_upload(tmp_path, npz(**arrays))


@pytest.mark.parametrize("content", [b"\0\0\x08\3\xff\xff\xff\xff" * 2, b"\0\0\x08\3\0", b"", b"\x93NUMPY\1\0"])
def test_damaged_arrays_are_rejected(tmp_path: Path, content: bytes) -> None:
    files = {"train-images-idx3-ubyte": content, "train-labels-idx1-ubyte": idx(Y)}
    with pytest.raises(InvalidArchive, match="'train-images-idx3-ubyte' is no array of numbers that can be read"):
        convert_upload(tmp_path, zip_of(files))


def test_header_of_a_huge_array_is_rejected(tmp_path: Path) -> None:
    for number, shape in enumerate([(2**40, 8, 8), (2**62, 8, 8), (2**64, 8, 8)]):
        file = io.BytesIO()
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        folder = tmp_path / str(number)
        folder.mkdir()
        files = {"x_train.npy": file.getvalue() + X.tobytes(), "y_train.npy": npz(y=Y)}
        with pytest.raises(InvalidArchive, match=r"'x_train\.npy' is no array of numbers that can be read"):
            convert_upload(folder, zip_of(files))


def test_archive_named_as_an_array_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive, match=r"'x_train\.npy' is no array of numbers that can be read"):
        convert_upload(tmp_path, zip_of({"x_train.npy": npz(x=X), "y_train.npy": npz(y=Y)}))


@pytest.mark.parametrize(
    ("max_bytes", "message"),
    [(300, r"expected \(images, height, width\)"), (200, "the archive unpacks to more than 200 bytes, the limit")],
)
def test_compressed_files_are_bounded_together(tmp_path: Path, max_bytes: int, message: str) -> None:
    array = gzip.compress(idx(np.zeros(120)))  # 128 bytes
    (tmp_path / "archive").write_bytes(zip_of({"x-idx1-ubyte.gz": array, "y-idx1-ubyte.gz": array}))
    limits = LIMITS._replace(bytes=max_bytes)
    job = ConversionJob(
        archive=tmp_path / "archive", staged=tmp_path, limits=limits, max_pixels=9, options=UploadOptions()
    )
    with pytest.raises(InvalidArchive, match=message):
        open_images(job, lambda: None)


def test_damaged_gzip_is_rejected(tmp_path: Path) -> None:
    files = {"train-images-idx3-ubyte.gz": gzip.compress(idx(X))[:-9], "train-labels-idx1-ubyte": idx(Y)}
    with pytest.raises(InvalidArchive, match=r"'train-images-idx3-ubyte\.gz' is damaged"):
        convert_upload(tmp_path, zip_of(files))


def test_arrays_beside_images_are_passed_over(tmp_path: Path) -> None:
    files = {"a/1.png": image(1), "b/2.png": image(2), "x_train.npy": b"", "y_train.npy": b""}
    contents = convert_upload(tmp_path, zip_of(files))
    assert (contents.classes, contents.ignored_files) == (("a", "b"), 2)
