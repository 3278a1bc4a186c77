"""Files of arrays: damaged, made up, packed, large, and in any order of bytes and indices."""

import errno
import gzip
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archives.errors import InvalidArchive
from archives.member import Limits
from models_store.datasets.record import UploadOptions
from tests.support.archives import zip_of
from tests.worker.conversion.test_arrays import X, Y, header, idx, mnist, npy, npz, stored
from tests.worker.conversion.test_parquet_images import LIMITS, convert_upload
from worker.conversion import array_files
from worker.conversion.array_files import ArrayFile, read_header
from worker.conversion.source import open_images
from worker.jobs.messages import ConversionJob


def test_pickled_arrays_are_not_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (tmp_path.joinpath("opened").touch, ())

    with pytest.raises(InvalidArchive, match=r"'x_train\.npy' is not an array of numbers that can be read: .*object"):
        convert_upload(tmp_path, npz(x_train=np.array([Trap(), Trap()], dtype=object), y_train=Y[:2]))
    (tmp_path / "other").mkdir()
    with pytest.raises(InvalidArchive, match="not an array of numbers"):
        convert_upload(tmp_path / "other", zip_of({"x_train.npy": pickle.dumps(X), "y_train.npy": pickle.dumps(Y)}))
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("content", [idx(X)[:-1], b"\0\0\x08\3\0", b"\0\0\x08\0", b"", b"\x93NUMPY\1\0"])
def test_damaged_arrays_are_rejected(tmp_path: Path, content: bytes) -> None:
    files = {"train-images-idx3-ubyte": content, "train-labels-idx1-ubyte": idx(Y)}
    with pytest.raises(InvalidArchive, match="'train-images-idx3-ubyte' is not an array of numbers that can be read"):
        convert_upload(tmp_path, zip_of(files))


def test_header_of_a_huge_array_is_rejected(tmp_path: Path) -> None:
    for number, shape in enumerate([(2**40, 8, 8), (2**62, 8, 8), (2**64, 8, 8)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        x, y = (header(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {each}}}\n") for each in (shape, shape[:1]))
        files = {"x_train.npy": x + X.tobytes(), "y_train.npy": y}
        with pytest.raises(InvalidArchive, match=r"'x_train\.npy' is not an array of numbers that can be read"):
            convert_upload(folder, zip_of(files))


def test_archive_named_as_an_array_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive, match=r"'x_train\.npy' is not an array of numbers that can be read"):
        convert_upload(tmp_path, zip_of({"x_train.npy": npz(x=X), "y_train.npy": npz(y=Y)}))


@pytest.mark.parametrize(
    ("max_bytes", "message"),
    [(174, "it has one class only"), (173, "the archive unpacks to more than 173 bytes, the limit")],
)
def test_compressed_files_are_bounded_together(tmp_path: Path, max_bytes: int, message: str) -> None:
    x, y = (gzip.compress(idx(np.zeros(shape))) for shape in ((30, 2, 2), (30,)))  # 136 and 38 bytes
    (tmp_path / "archive").write_bytes(zip_of({"x-idx3-ubyte.gz": x, "y-idx1-ubyte.gz": y}))
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


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': ('|u1',\n",
        "  {}\n {\n",
        "{'descr': (), 'fortran_order': False, 'shape': (4,)}",
        "-" * 3_000 + "1",
        "-" * 9_000 + "1",
        "(" * 9_000,
        "{'descr': '\\ud800', 'fortran_order': False, 'shape': (4,)}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (4,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-4,)}",
    ],
    ids=["tokens", "indents", "lookup", "recursion", "stack", "brackets", "surrogate", "no width", "negative"],
)
def test_hostile_headers_are_rejected(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidArchive, match=r"'y\.npy' is not an array of numbers that can be read") as caught:
        convert_upload(tmp_path, zip_of({"x.npy": npy(X), "y.npy": header(text)}))
    str(caught.value).encode()


@pytest.mark.parametrize("code", [0x110000, 0xD800, 0xFFFFFFFF], ids=hex)
@pytest.mark.parametrize("order", "<>")
def test_labels_that_are_not_unicode_are_rejected(tmp_path: Path, code: int, order: str) -> None:
    labels = np.array([97, 98, 97, code], dtype=f"{order}u4").view(f"{order}U1")
    with pytest.raises(InvalidArchive, match=r"'y\.npy', label 3: it is not Unicode text"):
        convert_upload(tmp_path, zip_of({"x.npy": npy(X), "y.npy": npy(labels)}))


@pytest.mark.parametrize("form", [">i2", ">u4", "<i8"])
@pytest.mark.parametrize("order", "CF")
def test_orders_of_bytes_and_of_indices(tmp_path: Path, form: str, order: Any) -> None:
    names = np.array(["b", "a", "b", "a"], dtype=">U5")
    convert_upload(tmp_path, zip_of({"x.npy": npy(X.astype(form, order=order)), "y.npy": npy(names)}))
    assert np.array_equal(stored(tmp_path), X[[1, 3, 0, 2]])


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("rows", [1, 3, 7])
def test_arrays_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: Any, rows: int) -> None:
    for name in ("_BATCH", "_COLUMNS_BATCH"):
        monkeypatch.setattr(array_files, name, rows * 24)
    monkeypatch.setattr(array_files, "_PIECE", 30)  # some columns
    array = np.arange(7 * 3 * 4, dtype=">u2").reshape(7, 3, 4).copy(order)
    (tmp_path / "x").write_bytes(npy(array))
    pieces = list(ArrayFile(tmp_path / "x", "x", read_header(npy(array), "x")).read())
    assert max(map(len, pieces)) == rows
    assert np.array_equal(np.concatenate(pieces), array)


def test_array_larger_than_the_memory_is_read(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.write(header("{'descr': '|u1', 'fortran_order': False, 'shape': (256, 1024, 1024)}\n"))
        file.truncate(file.tell() + (256 << 20))
    script = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from worker.conversion.array_files import ArrayFile, read_header\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (128 << 20),) * 2)\n"
        "path = Path(sys.argv[1])\n"
        "with path.open('rb') as file:\n    start = file.read(1000)\n"
        "print(sum(map(len, ArrayFile(path, 'x', read_header(start, 'x')).read())))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "x"], check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("256\n", "")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["zip", "gz"])
def test_any_ratio_is_read(tmp_path: Path, pack: Any) -> None:
    monotone = np.zeros((2, 1_000_000), dtype=np.uint8)
    monotone[1] = 255
    files = {"x-idx3-ubyte": pack(idx(monotone.reshape(2, 1_000, 1_000))), "y-idx1-ubyte": idx(Y[:2])}
    (tmp_path / "archive").write_bytes(zip_of({name + ".gz": content for name, content in files.items()}))
    limits = Limits(entries=50, bytes=3_000_000, file_bytes=100_000)
    images = open_images(
        ConversionJob(archive=tmp_path / "archive", staged=tmp_path, limits=limits, max_pixels=1_000_000), lambda: None
    )
    assert len(list(images.images)) == 2


def test_full_disk_is_not_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(errno.ENOSPC, "of the system")

    monkeypatch.setattr(gzip.GzipFile, "read", fail)
    with pytest.raises(OSError, match="of the system"):
        convert_upload(tmp_path, zip_of({f"{name}.gz": gzip.compress(data) for name, data in mnist().items()}))
