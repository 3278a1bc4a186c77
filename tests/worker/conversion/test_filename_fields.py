from itertools import product

import pytest

from archives.errors import InvalidArchive
from tests.worker.conversion.found import found, labeled
from worker.conversion.filename_fields import AmbiguousNames
from worker.conversion.filename_labels import label_by_filenames

JAFFE = [f"{person}.{emotion}{n}.{n}9.tiff" for person, emotion, n in product(("KA", "KL"), ("AN", "HA"), (1, 2))]
UTK_FACE = [f"{age}_{gender}_2_2017{n}.jpg.chip.jpg" for n, (age, gender) in enumerate(product((9, 26), (0, 1)))]


def classes(names: list[str], field: int | None = None) -> list[str]:
    files = found(*names)
    return [name for _, name in labeled(label_by_filenames(files, field), files).values()]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (JAFFE, ["AN", "AN", "HA", "HA"] * 2),
        (["KA.AN1.39.tiff", "KL.HA1.158.tiff"], ["AN", "HA"]),
        (["1001_DFA_ANG_XX.png", "1001_IEO_HAP_XX.png", "1002_DFA_HAP_XX.png"], ["ANG", "HAP", "HAP"]),
        (["ann_happy_left.png", "ann_sad_left.png", "bob_happy_left.png"], ["happy", "sad", "happy"]),
    ],
)
def test_emotions_are_classes(names: list[str], expected: list[str]) -> None:
    assert classes(names) == expected
    (warning,) = label_by_filenames(found(*names)).warnings
    assert f"{names[0]!r} is taken for {expected[0]!r}" in warning


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (UTK_FACE, "part 1 (2 values: '9', '26'), part 2 (2 values: '0', '1')"),
        (["26_0_2_2017.jpg", "31_1_0_2018.jpg"], "part 1 (2 values: '26', '31'), part 2 (2 values: '0', '1'), part 3 "),
    ],
    ids=["four numbers", "two images"],
)
def test_ambiguous_names_are_rejected(names: list[str], parts: str) -> None:
    with pytest.raises(AmbiguousNames) as rejection:
        label_by_filenames(found(*names))
    assert str(rejection.value).startswith(f"several parts of the names of its images may be the class: {parts}")
    assert str(rejection.value).endswith("say which one is, as in ?layout=filenames&field=1")


HAPPY_OR_SAD = [f"{split}_{name}_{n}.png" for split, name, n in product(("train", "test"), ("happy", "sad"), "12")]
SPLITS = [("train", "happy")] * 2 + [("train", "sad")] * 2 + [("test", "happy")] * 2 + [("test", "sad")] * 2


@pytest.mark.parametrize(
    ("names", "field", "expected"),
    [
        (HAPPY_OR_SAD, None, SPLITS),
        (HAPPY_OR_SAD, 2, SPLITS),
        ([name.replace("_", "-7-", 1) for name in HAPPY_OR_SAD], 3, SPLITS),
        (
            ["trainCat_1.png", "trainDog_1.png", "testCat_1.png"],
            1,
            [("train", "Cat"), ("train", "Dog"), ("test", "Cat")],
        ),
        (["x_train_1.png", "y_test_1.png"], 2, [("train", "train"), ("train", "test")]),
        (["test_cat_1.png", "test_dog_1.png"], 2, [("train", "cat"), ("train", "dog")]),
        (["train/test_cat_1.png", "val/train_cat_1.png"], 2, [("train", "cat"), ("validation", "cat")]),
    ],
)
def test_splits_beside_the_class_count(names: list[str], field: int | None, expected: list[tuple[str, str]]) -> None:
    files = found(*names)
    assert list(labeled(label_by_filenames(files, field), files).values()) == expected


@pytest.mark.parametrize(
    ("names", "field"),
    [
        (["happy_kim_0.jpg", "sad_kim_0.jpg", "sad_lee_0.jpg"], 2),
        (["train_happy_kim_0.jpg", "train_sad_lee_0.jpg", "test_sad_kim_0.jpg"], 3),
        (JAFFE, 1),
        (["p1_cat_1.png", "p1_dog_1.png", "p2_cat_1.png", "p2_dog_1.png"], 1),
        (["cat-1-2.jpg", "dog-1-1.jpg"], 2),
    ],
)
def test_other_part_than_the_one_taken_is_advised(names: list[str], field: int) -> None:
    (warning,) = label_by_filenames(found(*names)).warnings
    assert warning.endswith(f"as in ?layout=filenames&field={field}")


@pytest.mark.parametrize(
    ("names", "field", "expected"),
    [
        (UTK_FACE, 1, ["9", "9", "26", "26"]),
        (UTK_FACE, 2, ["0", "1", "0", "1"]),
        (JAFFE, 1, ["KA"] * 4 + ["KL"] * 4),
        (JAFFE, 2, ["AN", "AN", "HA", "HA"] * 2),
        (["x-b1-1.png", "y-b2-1.png"], 2, ["b1", "b2"]),
        (["h1n1_1.png", "h3n2_1.png"], 1, ["h1n1", "h3n2"]),
    ],
)
def test_part_that_is_named_is_the_class(names: list[str], field: int, expected: list[str]) -> None:
    assert classes(names, field) == expected
    assert label_by_filenames(found(*names), field).warnings == ()


def test_names_without_the_part_are_left_out() -> None:
    labels = label_by_filenames(found("1_cat.png", "2_dog.png", "3.png"), 2)
    assert labels.warnings == ("1 image without a class in its name is left out, such as '3.png'",)


@pytest.mark.parametrize(
    ("names", "field", "reason"),
    [
        (JAFFE, 4, "no name of its images, such as 'KA.AN1.19.tiff', has a part 4; 'KA.AN1.19.tiff' has 3"),
        ([f"cat_{n}.png" for n in range(12)], 2, "part 2 of the names of its images, such as 'cat_0.png', differs in"),
    ],
)
def test_part_that_is_no_class_is_rejected(names: list[str], field: int, reason: str) -> None:
    with pytest.raises(InvalidArchive, match=reason):
        label_by_filenames(found(*names), field)
