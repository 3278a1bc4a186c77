"""Archives are read as they are, or rejected as a whole."""

import gzip
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.dataset_images import UploadedImages
from archives.errors import InvalidArchive
from imaging.decode import decode
from models_store.datasets.images import IMAGES, StoredImages
from models_store.datasets.record import Contents, FilesDone
from tests.archives.hostile import HOSTILE, LIMITS
from tests.support.archives import image, tar_with, two_classes, zip_of, zip_with
from tests.support.image_files import encoded
from tests.support.manifests import verify_manifest
from worker.conversion.convert import convert
from worker.data.uploaded import open_resized
from worker.jobs.messages import ConversionJob

MAX_PIXELS = 10_000


def convert_archive(folder: Path, archive: bytes) -> Contents:
    """Convert into `folder`/images, as it is published."""
    (folder / IMAGES).mkdir(parents=True)
    path = folder / "archive"
    path.write_bytes(archive)
    return convert(
        ConversionJob(archive=path, staged=folder / IMAGES, limits=LIMITS, max_pixels=MAX_PIXELS), lambda _: None
    )


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archive_is_rejected_with_its_reason(case: str, tmp_path: Path) -> None:
    hostile = HOSTILE[case]
    folder = tmp_path / "in" / "side"

    with pytest.raises(InvalidArchive) as rejection:
        convert_archive(folder, hostile.make())

    assert hostile.reason in str(rejection.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    written = {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert written.keys() <= {"archive", "images.bin", "decoded.raw"}
    assert sum(written.values()) - written["archive"] <= LIMITS.bytes


@pytest.mark.parametrize(
    "archive",
    [
        zip_with({}),
        tar_with([]),
        gzip.compress(tar_with([])),
        zip_of(two_classes("wrapped/")),
        zip_of(two_classes("./")),
    ],
    ids=["zip", "tar", "tar.gz", "wrapped", "with points"],
)
def test_every_archive_format_gives_the_same_images(archive: bytes, tmp_path: Path) -> None:
    contents = convert_archive(tmp_path, archive)

    assert contents.classes == ("cat", "horse")
    assert contents.counts == {"train": (3, 3), "test": (0, 0)}
    assert contents.image_shape == (8, 8, 3)
    packed = StoredImages(tmp_path)
    verify_manifest(tmp_path / IMAGES)
    assert packed.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert packed.read(1) == image(23)
    assert packed.native is not None
    assert packed.native[1, 0, 0].tolist() == [23, 10, 20]


def test_official_splits_and_their_leaks_are_found(tmp_path: Path) -> None:
    files = {**two_classes("Train/"), "test/cat/a.png": image(200), "test/horse/b.png": image(5)}

    contents = convert_archive(tmp_path, zip_of({**files, "val/cat/c.png": image(210)}))

    assert contents.counts == {"train": (3, 3), "test": (1, 1), "validation": (1, 0)}
    assert contents.split_names == {"train": ("Train",), "test": ("test",), "validation": ("val",)}
    facts = contents.facts("own")
    assert (facts.test_counts, facts.validation_counts) == ((1, 1), (1, 0))
    assert "1 class has no image in the validation split: 'horse'" in contents.warnings
    assert contents.warnings[0].startswith("1 image is in both train and test: Train/horse/0.png = test/")
    assert StoredImages(tmp_path).splits.tolist() == [0] * 6 + [1] * 2 + [2]


def test_other_files_are_skipped_and_unreadable_listed(tmp_path: Path) -> None:
    left = {"__MACOSX/cat/._0.png": b"x", "cat/.DS_Store": b"x", "cat/Thumbs.db": b"x", "cat/notes.txt": b"text"}
    huge = image(1, (200, 200))

    contents = convert_archive(tmp_path, zip_with({**left, "cat/broken.png": b"text", "horse/huge.png": huge}))

    assert (contents.ignored_files, contents.ignored) == (4, tuple(left))
    assert [each.name for each in contents.unreadable] == ["cat/broken.png", "horse/huge.png"]
    assert "exceeds the limit of 10,000" in contents.unreadable[1].reason
    assert contents.counts["train"] == (3, 3)


def test_numbered_classes_are_in_numeric_order(tmp_path: Path) -> None:
    files = {f"{number}/a.png": image(number) for number in (10, 9, 1)}

    assert convert_archive(tmp_path, zip_of(files)).classes == ("1", "9", "10")


def test_grayscale_images_stay_grayscale_and_in_order(tmp_path: Path) -> None:
    grays = {f"{label}/{n}.png": image(n + base, mode="L") for label, base in (("b", 10), ("a", 0)) for n in range(3)}

    contents = convert_archive(tmp_path, zip_of({"b/x.png": b"text", **grays, "a/x.png": b"text"}))

    assert contents.image_shape == (8, 8, 1)
    native = StoredImages(tmp_path).native
    assert native is not None
    assert native[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]


def test_images_are_resized_once_per_shape(tmp_path: Path) -> None:
    contents = convert_archive(
        tmp_path, zip_with({"cat/wide.png": image(1, (20, 10)), "cat/gray.png": image(9, mode="L")})
    )
    calls = []

    def to_array(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        calls.append(len(data))
        return np.full((4, 4, 3), len(data) % 256, dtype=np.uint8)

    packed = StoredImages(tmp_path)
    first = packed.resize((4, 4, 3), "stretch", to_array)
    again = packed.resize((4, 4, 3), "stretch", to_array)

    assert contents.image_shape is None
    assert {(size.height, size.width) for size in contents.sizes} == {(8, 8), (10, 20)}
    assert first.shape == (8, 4, 4, 3)
    assert len(calls) == 8
    np.testing.assert_array_equal(first, again)


def test_progress_continues_after_the_last_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.conversion.convert._REPORT_SECONDS", 0.0)
    monkeypatch.setattr("worker.conversion.decoded._BATCH", 2)
    monkeypatch.setattr("models_store.artifacts._PIECE_BYTES", 100)
    reports: list[FilesDone] = []
    (tmp_path / "archive").write_bytes(zip_with({}))
    staged = tmp_path / IMAGES
    staged.mkdir()
    convert(
        ConversionJob(archive=tmp_path / "archive", staged=staged, limits=LIMITS, max_pixels=MAX_PIXELS), reports.append
    )

    files = [path for path in staged.iterdir() if path.name != "manifest.json"]
    pieces = sum(-(-path.stat().st_size // 100) for path in files)
    last = max(progress.done for progress in reports)
    # The last image, before and after the index, three batches of two images, and the pieces that are hashed.
    assert [progress.done for progress in reports].count(last) == 1 + 2 + 3 + pieces
    assert len(files) == 4


def test_copies_in_several_classes_name_one_of_each(tmp_path: Path) -> None:
    same, other = image(1), image(2)
    files = {"a/0.png": same, "a/1.png": same, "b/0.png": same, "c/0.png": other, "c/1.png": other}

    warnings = convert_archive(tmp_path, zip_of(files)).warnings

    assert warnings[0] == "1 image is in more than one class: a/0.png = b/0.png"
    assert warnings[1] == "3 files are copies of others, byte by byte: a/0.png = a/1.png, c/0.png = c/1.png"


def test_layout_is_judged_before_anything_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("worker.conversion.convert.decode", fail)
    for number, archive in enumerate((zip_with({"1.png": image()}), tar_with([("1.png", b"0", image())]))):
        with pytest.raises(InvalidArchive, match=r"'1\.png' is beside the class folders"):
            convert_archive(tmp_path / str(number), archive)


def test_names_of_unknown_encoding_have_a_warning(tmp_path: Path) -> None:
    files = {f"{name}/{number}.png": image(number) for name in ("xxxx", "yyyy") for number in range(2)}
    archive = zip_of(files).replace(b"xxxx", "能表".encode("shift_jis")).replace(b"yyyy", "ソ猫".encode("shift_jis"))
    (tmp_path / "named").mkdir()

    contents = convert_archive(tmp_path / "unknown", archive)

    assert {name.encode("cp437").decode("shift_jis") for name in contents.classes} == {"能表", "ソ猫"}
    assert contents.warnings[0].startswith("the archive does not say how 4 names are encoded: cp437 reads")
    assert "shift_jis reads '能表/0.png'" in contents.warnings[0]


def test_utf8_that_may_be_chinese_has_a_warning(tmp_path: Path) -> None:
    files = {f"{name}/{number}.png": image(number) for name in ("xx", "dog") for number in range(2)}
    contents = convert_archive(tmp_path, zip_of(files).replace(b"xx", "猫".encode("gbk")))

    assert contents.classes == ("dog", "è")
    assert "how 2 names are encoded: utf-8 reads 'è/0.png', gbk reads '猫/0.png'" in contents.warnings[0]


@pytest.mark.parametrize(
    "left", ["cow/.DS_Store", "cow/.gitkeep", "cow/Thumbs.db", "cow/.ipynb_checkpoints/1.png", "cow/"]
)
def test_class_of_hidden_files_is_rejected(left: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive, match="the class folder 'cow' is empty"):
        convert_archive(tmp_path, zip_of({**two_classes(), left: b""}))


def test_folder_of_notes_has_a_warning(tmp_path: Path) -> None:
    files = {".git/config": b"x", "__MACOSX/cow/._1.png": b"x", "cow/readme.txt": b"x", "cow/1.mp4": b"x"}
    [warning] = [
        each for each in convert_archive(tmp_path, zip_of({**two_classes(), **files})).warnings if "cow" in each
    ]
    assert warning.startswith("1 folder beside those of the classes has no image")


FLAT = {f"images/IMG_{number}.png": image(number) for number in range(2)}
CAMERA = "put the images into one folder for each class, or add a table of files and labels"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {**FLAT, "labels.csv": b"file,label\nIMG_0.png,a\nIMG_1.png,b\n"},
            "it has one class only, 'images'; expected at least 2; ?layout=csv reads the labels of 'labels.csv'",
        ),
        (
            {**FLAT, "labels.csv": "file,label\nIMG_0.png,고양이\nIMG_1.png,개\n".encode("cp949")},
            "?layout=csv rejects 'labels.csv': 'labels.csv' is not UTF-8; save it as UTF-8, or name its encoding",
        ),
        (FLAT, f"expected at least 2; {CAMERA}"),
        ({name.removeprefix("images/"): data for name, data in FLAT.items()}, f"are in no class folder; {CAMERA}"),
        (
            {**FLAT, "labels/IMG_0.txt": b"0 0.5 0.5 1 1"},
            "'labels/IMG_0.txt' looks like annotations of objects within images, which are not supported; put",
        ),
        (
            {**{f"train/{name}": data for name, data in FLAT.items()}, "train/labels/IMG_0.txt": b"0 0.5 0.5 1 1"},
            "one class only, 'images'; expected at least 2; 'train/labels/IMG_0.txt' looks like annotations of objects",
        ),
        (
            {**FLAT, "images/_annotations.coco.json": b"{}"},
            "'images/_annotations.coco.json' looks like annotations of objects within images",
        ),
        (
            {f"train/{name}.0.jpg": image(20) for name in ("cat", "dog")},
            "?layout=filenames takes the class from the names, such as 'cat' from 'cat.0.jpg'",
        ),
    ],
    ids=["table", "table of Excel", "one folder", "no folder", "YOLO", "Roboflow", "COCO", "names"],
)
def test_layout_that_would_fit_is_named(files: dict[str, bytes], reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        convert_archive(tmp_path, zip_of(files))
    assert reason in str(rejection.value)


def sixteen_bits(white: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """Black, and in one row `white`."""
    pixels = np.zeros(size, np.uint16)
    pixels[1] = white
    return encoded(Image.fromarray(pixels))


DEEP = {"a/1.png": sixteen_bits(4_000), "a/2.png": sixteen_bits(3_900), "b/1.png": sixteen_bits(4_200)}


def test_sixteen_bits_mean_the_same_in_all_images(tmp_path: Path) -> None:
    contents = convert_archive(tmp_path, zip_of({**DEEP, "b/8.png": image(200, mode="L")}))
    stored = StoredImages(tmp_path)

    assert stored.white == 8_191
    assert stored.native is not None
    assert stored.native[:, 1, 0, 0].tolist() == [
        4_000 * 255 // 8_191,
        3_900 * 255 // 8_191,
        4_200 * 255 // 8_191,
        200,
    ]
    assert any(
        warning.startswith("its PNGs of 16 bits use 12 and 13 bits; all are read") for warning in contents.warnings
    )
    alone = decode(UploadedImages(stored, contents.classes, MAX_PIXELS).encoded(0), MAX_PIXELS)
    assert np.array_equal(np.asarray(alone), stored.native[0, :, :, 0])


def test_sixteen_bits_of_any_size_share_a_white(tmp_path: Path) -> None:
    convert_archive(tmp_path, zip_of({**DEEP, "b/2.png": sixteen_bits(4_200, (80, 8))}))
    stored = StoredImages(tmp_path)
    images = open_resized(tmp_path, "deep", (8, 8, 1), "stretch").read(np.arange(3))

    assert stored.native is None
    assert np.asarray(images)[:, 1].max(axis=(1, 2)).tolist() == [124, 121, 130]
    shown = UploadedImages(stored, ("a", "b"), MAX_PIXELS)
    assert [shown.image(number).getextrema()[1] for number in range(3)] == [124, 121, 130]


def test_sixteen_bits_of_one_depth_need_no_warning(tmp_path: Path) -> None:
    contents = convert_archive(tmp_path, zip_of({"a/1.png": sixteen_bits(4_000), "b/1.png": sixteen_bits(2_100)}))

    assert StoredImages(tmp_path).white == 4_095
    assert not any("16 bits" in warning or "black" in warning for warning in contents.warnings)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {f"{name}/1.png": image(16, mode="L") for name in "ab"},
            "all images are nearly black, with no value above 16 of",
        ),
        (
            {f"{name}/1.png": image(1, mode="L") for name in "ab"},
            "all images are nearly black, with no value above 1 of 255",
        ),
        (
            {"a/1.png": image(200), "b/1.png": image(1, mode="L")},
            "1 image is nearly black, with no value above 1 of 255",
        ),
        (
            {"a/1.png": sixteen_bits(60_000), "b/1.png": sixteen_bits(900)},
            "1 image is nearly black, with no value above 3",
        ),
        (
            {f"{name}/1.png": sixteen_bits(1) for name in "ab"},
            "all images are nearly black, with no value above 1 of 255",
        ),
    ],
    ids=["digits", "masks", "one class", "other depth", "16-bit masks"],
)
def test_nearly_black_images_have_a_warning(files: dict[str, bytes], reason: str, tmp_path: Path) -> None:
    [warning] = [each for each in convert_archive(tmp_path, zip_of(files)).warnings if "black" in each]
    assert warning.startswith(reason)
    assert warning.endswith("multiply the values so that white is 255, and upload again")


def test_a_few_black_images_need_no_warning(tmp_path: Path) -> None:
    files = {f"{name}/{number}.png": image(200 + number, mode="L") for name in "ab" for number in range(5)}
    contents = convert_archive(tmp_path, zip_of({**files, "a/x.png": image(0, mode="L")}))
    assert not any("black" in warning for warning in contents.warnings)


def test_link_that_is_no_image_is_passed_over(tmp_path: Path) -> None:
    contents = convert_archive(tmp_path, tar_with([("README.md", tarfile.SYMTYPE, b"")]))
    assert (contents.classes, contents.ignored) == (("cat", "horse"), ("README.md",))
