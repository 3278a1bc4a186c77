"""Tables of pixels as Kaggle has them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from archives.errors import InvalidArchive
from imaging.decode import decode
from models_store.datasets.images import IMAGES, StoredImages
from models_store.datasets.record import UploadOptions
from tests.support.archives import image, zip_of
from tests.worker.conversion.test_parquet_images import convert_upload
from worker.conversion.labels import Label
from worker.conversion.pixel_tables import open_pixel_table

Pixels = NDArray[np.uint8]


def pixels(count: int, number: int = 0) -> list[int]:
    return [(7 * at + 31 * number) % 256 for at in range(count)]


def table(header: Sequence[str] | None, rows: Sequence[Sequence[object]], delimiter: str = ",") -> bytes:
    lines = [delimiter.join(map(str, row)) for row in ([header] if header else []) + list(rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def numbered(labels: Sequence[object], count: int = 16) -> bytes:
    """As the first rows of Kaggle's Digit Recognizer."""
    header = ["label", *(f"pixel{at}" for at in range(count))]
    return table(header, [[label, *pixels(count, number)] for number, label in enumerate(labels)])


def listing(rows: Sequence[tuple[object, str]], header: str = "emotion,pixels,Usage") -> bytes:
    """As FER-2013."""
    lines = [f"{label},{' '.join(map(str, pixels(16, number)))},{usage}" for number, (label, usage) in enumerate(rows)]
    return "\n".join([header, *lines]).encode()


def first_image(folder: Path) -> Pixels:
    return np.asarray(decode(StoredImages(folder).read(0), 10_000))


FORMS = {
    "pixel0": numbered([1, 0]),
    "semicolons": numbered([1, 0]).replace(b",", b";"),
    "byte order mark": b"\xef\xbb\xbf" + numbered([1, 0]),
    "1x1": table(
        ["label", *(f"{row}x{column}" for row in range(1, 5) for column in range(1, 5))],
        [[1, *pixels(16)], [0, *pixels(16, 1)]],
    ),
    "label behind": table([*(f"p{at}" for at in range(16)), "class"], [[*pixels(16), 1], [*pixels(16, 1), 0]]),
    "index": table(["", "label", *map(str, range(16))], [[0, 1, *pixels(16)], [1, 0, *pixels(16, 1)]]),
    "no header": table(None, [[1, *pixels(16)], [0, *pixels(16, 1)]]),
    "row as header": table(["0", *(f"0.{at}" for at in range(1, 17))], [[1, *pixels(16)], [0, *pixels(16, 1)]]),
    "points": numbered(["1.0", "0.0"]).replace(b",7,", b",7.0,"),
    "list": listing([(1, "Training"), (0, "Training")]),
    "list with commas": b'label,pixels\n1,"%s"\n0,"%s"\n'
    % tuple(str(pixels(16, number)).encode() for number in (0, 1)),
    "list without header": listing([(1, "Training"), (0, "Training")]).partition(b"\n")[2],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("is_packed", [True, False], ids=["zip", "alone"])
def test_pixels_are_read_as_images(form: str, is_packed: bool, tmp_path: Path) -> None:
    data = FORMS[form]
    contents = convert_upload(tmp_path, zip_of({"digits.csv": data}) if is_packed else data)

    assert contents.classes == ("0", "1")
    assert (contents.counts["train"], contents.image_shape) == ((1, 1), (4, 4, 1))
    assert contents.ignored_files == 0
    assert first_image(tmp_path).tolist() == np.array(pixels(16, 1)).reshape(4, 4).tolist()


def test_competition_of_digits_is_read(tmp_path: Path) -> None:
    files = {
        "train.csv": numbered([3, 7, 3, 7], 784),
        "test.csv": table([f"pixel{at}" for at in range(784)], [pixels(784)] * 3),
        "sample_submission.csv": b"ImageId,Label\n1,0\n2,0\n",
    }
    contents = convert_upload(tmp_path, zip_of(files))

    assert (contents.classes, contents.counts) == (("3", "7"), {"train": (2, 2), "test": (0, 0)})
    assert contents.image_shape == (28, 28, 1)
    assert contents.split_names == {"train": ("train.csv",)}
    assert contents.warnings[0] == "3 rows have no label and are left out"
    assert StoredImages(tmp_path).names == ["train.csv/0", "train.csv/2", "train.csv/1", "train.csv/3"]


def test_usage_is_the_split(tmp_path: Path) -> None:
    rows = [(label, usage) for usage in ("Training", "PublicTest", "PrivateTest") for label in (0, 3)]
    contents = convert_upload(tmp_path, listing(rows))
    assert contents.counts == {"train": (1, 1), "test": (1, 1), "validation": (1, 1)}
    assert contents.split_names == {
        "train": ("Training",),
        "test": ("PrivateTest",),
        "validation": ("PublicTest",),
    }


def test_single_test_split_is_no_validation_split(tmp_path: Path) -> None:
    rows = [(label, usage) for usage in ("Training", "PublicTest") for label in (0, 3)]
    contents = convert_upload(tmp_path, listing(rows))
    assert contents.counts == {"train": (1, 1), "test": (1, 1)}


def test_table_that_is_packed_twice_is_read_once(tmp_path: Path) -> None:
    train, picture = numbered([0, 1, 0, 1]), image(7)
    files = {"train.csv": train, "train/train.csv": train, "test/test.csv": numbered([1, 0]), "signs.png": picture}
    contents = convert_upload(tmp_path, zip_of(files), UploadOptions(layout="csv"))

    assert contents.counts == {"train": (2, 2), "test": (1, 1)}
    assert contents.ignored_files == 2
    assert contents.warnings[0] == "'train/train.csv' is a copy of 'train.csv', byte by byte, and is left out"


@pytest.mark.parametrize("is_planar", [True, False], ids=["planes", "pixels"])
def test_order_of_colors_is_found(is_planar: bool, tmp_path: Path) -> None:
    smooth = np.kron(np.array(pixels(12)).reshape(2, 2, 3), np.ones((4, 4, 1), dtype=int))
    values = (smooth.transpose(2, 0, 1) if is_planar else smooth).reshape(-1).tolist()
    header = ["label", *(f"pixel{at:04}" for at in range(192))]
    contents = convert_upload(tmp_path, table(header, [["cat", *values], ["dog", *values[::-1]]]))

    assert contents.image_shape == (8, 8, 3)
    assert first_image(tmp_path).tolist() == smooth.tolist()
    order = "all red ones, then green, then blue" if is_planar else "red, green and blue of each pixel"
    assert contents.warnings[0].endswith(f"in the order in which images are smooth: {order}")


REJECTED = {
    "fractions": (
        table(["label", *(f"p{at}" for at in range(16))], [["a", *[0.5] * 16], ["b", *[0.25] * 16]]),
        "line 2: '0.5' is no value of a pixel; expected whole numbers from 0 to 255; multiply fractions by 255",
    ),
    "too large": (numbered([0, 1]).replace(b",7,", b",256,"), "line 2: '256' is no value of a pixel"),
    "no number": (numbered([0, 1]).replace(b",7,", b",,"), "line 2: '' is no value of a pixel"),
    "cut short": (numbered([0, 1])[:-20], "line 3: it has 13 cells, expected 17 as in the first one"),
    "no square": (numbered([0, 1], 17), "has 17 values of pixels in a row; expected as many as a square image has"),
    "other length": (
        listing([(0, "Training"), (1, "Training")]).replace(b"0,0 7 ", b"0,0 0 7 "),
        "line 2: it has 17 values of pixels, expected 16 as in the first one",
    ),
    "several labels": (
        b"age,gender,img_name,pixels\n9,1,a.jpg,%s\n" % b" ".join([b"7"] * 16),
        "has pixels and the columns 'age', 'gender'; call the one of the classes `label`",
    ),
    "other split": (listing([(0, "Training"), (1, "extra")]), "line 3: 'extra' is no split; expected train, valid"),
    "no label": (
        table([f"p{at}" for at in range(16)], [pixels(16)] * 2),
        "none of its 2 rows has a label",
    ),
    "fractions as labels": (numbered([0.5, 1.5]), "has the label 0.5; expected text or integers"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_other_pixels_are_rejected(case: str, tmp_path: Path) -> None:
    data, reason = REJECTED[case]
    with pytest.raises(InvalidArchive) as rejection:
        convert_upload(tmp_path, data)
    assert reason in str(rejection.value)


def test_several_sizes_are_rejected(tmp_path: Path) -> None:
    files = {"small.csv": numbered([0, 1]), "large.csv": numbered([0, 1], 75)}
    with pytest.raises(
        InvalidArchive, match=r"4 x 4 in 'small\.csv', 5 x 5 in color in 'large\.csv'; pack those of one"
    ):
        convert_upload(tmp_path, zip_of(files))


def test_pixels_beside_images_are_named(tmp_path: Path) -> None:
    files = {"train.csv": numbered([0, 1]), "signs.png": image(7)}
    with pytest.raises(InvalidArchive, match=r"\?layout=csv reads the images in the cells of 'train\.csv' instead"):
        convert_upload(tmp_path, zip_of(files))


@pytest.mark.parametrize("data", [b"hello", b"file,label\n" + b"img_0001.png,cat\n" * 40])
def test_other_text_is_no_upload(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(
        InvalidArchive, match="no table of pixels either: a table of files must be packed into an archive with"
    ):
        convert_upload(tmp_path, data)


def test_table_of_files_beside_pixels_counts(tmp_path: Path) -> None:
    """As HAM10000 has both."""
    files = {
        "metadata.csv": b"image_id,dx\na,cat\nb,dog\n",
        "hmnist_4_4.csv": numbered([0, 1]),
        "images/a.png": image(1),
        "images/b.png": image(2),
    }
    contents = convert_upload(tmp_path, zip_of(files), UploadOptions(layout="csv"))
    assert contents.classes == ("cat", "dog")
    assert not list((tmp_path / IMAGES).glob("*.csv"))


PHOTOS = {f"photos/{number}.png": image(number) for number in range(1, 5)}
NAMED_PHOTOS = {name.replace("/", "/photo_"): data for name, data in PHOTOS.items()}
FILES = {
    "a column for each class": table(
        ["image", *(f"class{at}" for at in range(20))],
        [[f"{number}.png", *(int(at == number % 2) for at in range(20))] for number in range(1, 5)],
    ),
    "numbered classes": table(
        ["image", *map(str, range(20))],
        [[f"{number}.png", *(int(at == number % 2) for at in range(20))] for number in range(1, 5)],
    ),
    "measured features": table(
        ["id", "species", *(f"margin{at}" for at in range(1, 65))],
        [[number, "ab"[number % 2], *[0.5] * 64] for number in range(1, 5)],
    ),
    "names without suffixes": table(
        ["photo", "class", *(f"f{at}" for at in range(16))],
        [[f"photo_{number}", "ab"[number % 2], *pixels(16)] for number in range(1, 5)],
    ),
    "features of whole numbers": table(
        ["filename", "label", *(f"f{at}" for at in range(16))],
        [[f"{number}.png", "ab"[number % 2], *pixels(16)] for number in range(1, 5)],
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_numbered_columns_of_files_are_no_pixels(case: str, tmp_path: Path) -> None:
    photos = NAMED_PHOTOS if case == "names without suffixes" else PHOTOS
    contents = convert_upload(tmp_path, zip_of({**photos, "labels.csv": FILES[case]}), UploadOptions(layout="csv"))
    assert sum(contents.counts["train"]) == 4
    assert sorted(StoredImages(tmp_path).names) == sorted(photos)


@pytest.mark.parametrize("case", FILES)
def test_layout_of_numbered_columns_is_advised(case: str, tmp_path: Path) -> None:
    photos = NAMED_PHOTOS if case == "names without suffixes" else PHOTOS
    with pytest.raises(InvalidArchive, match=r"\?layout=csv reads the labels of 'labels\.csv'"):
        convert_upload(tmp_path, zip_of({**photos, "labels.csv": FILES[case]}))


def test_numbers_beside_a_table_of_files_are_no_pixels(tmp_path: Path) -> None:
    files = {
        **PHOTOS,
        "labels.csv": b"file,label\n" + b"".join(b"%d.png,%d\n" % (number, number % 2) for number in range(1, 5)),
        "features.csv": numbered([0, 1], 20),
    }
    contents = convert_upload(tmp_path, zip_of(files), UploadOptions(layout="csv"))
    assert contents.counts["train"] == (2, 2)


@pytest.mark.parametrize("labels", [[1, 2, 1, 2], ["cat", "dog", "cat", "dog"]])
def test_pixels_and_labels_are_no_names_by_chance(labels: list[object], tmp_path: Path) -> None:
    """Images are called like a value or a class."""
    files = {"train.csv": numbered(labels), **PHOTOS, "signs/cat.png": image(7), "signs/dog.png": image(8)}
    contents = convert_upload(tmp_path, zip_of(files), UploadOptions(layout="csv"))
    assert (contents.counts["train"], contents.image_shape) == ((2, 2), (4, 4, 1))


def test_folders_of_tables_are_splits(tmp_path: Path) -> None:
    files = {"my-test/train/data.csv": numbered([0, 1, 0, 1]), "my-test/test/data.csv": numbered([1, 0])}
    contents = convert_upload(tmp_path, zip_of(files))
    assert contents.counts == {"train": (2, 2), "test": (1, 1)}
    assert contents.split_names == {"train": ("train",), "test": ("test",)}


def test_folder_around_a_table_is_no_split(tmp_path: Path) -> None:
    assert convert_upload(tmp_path, zip_of({"my-test/data.csv": numbered([0, 1])})).counts["train"] == (1, 1)


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "last"])
def test_label_of_sorted_rows_is_found(is_first: bool, tmp_path: Path) -> None:
    """As many rows of a class follow one another as are read to know the table."""
    rows = [[label] * is_first + [0, *pixels(15, label)] + [label] * (not is_first) for label in [3] * 120 + [7] * 120]
    path = tmp_path / "digits.csv"
    path.write_bytes(table(None, rows))
    digits = open_pixel_table(path, "digits.csv")
    assert digits is not None
    assert Counter(digits.read_labels()) == {Label("train", "3"): 120, Label("train", "7"): 120}
    (warning,) = digits.warnings
    assert warning == (
        f"'digits.csv' has no header: column {1 if is_first else 17} is taken for the labels; if this is wrong, add a "
        "header, such as label,pixel0,pixel1,..."
    )
