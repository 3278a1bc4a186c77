import pytest

from archives.errors import InvalidArchive
from tests.worker.conversion.found import found, labeled
from worker.conversion.filename_labels import class_of, label_by_filenames


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("cat.0.jpg", "cat"),
        ("cat_0001.PNG", "cat"),
        ("cat-7.jpeg", "cat"),
        ("cat (12).jpg", "cat"),
        ("cat12.webp", "cat"),
        ("american_bulldog_100.jpg", "american_bulldog"),
        ("n01440764_10026.JPEG", "n01440764"),
        ("0_1234.png", "0"),
        ("고양이.3.jpg", "고양이"),
        ("cat.jpg", "cat"),
        ("cat_7 - Copy (2).jpg", "cat"),
        ("Copy of cat 7.jpg", "cat"),
        ("고양이_7 - 복사본.jpg", "고양이"),
        ("hard_copy_7.jpg", "hard_copy"),
        ("cat.7.jpg.jpg", "cat"),
        ("cat_7_jpg.rf.0d9e2b1c5f8a4e7b9c3d6f1a2b4c8e0f.jpg", "cat"),
        ("cat_9e3779b1.jpg", "cat"),
        ("cat-1b4e28ba-2fa1-11d2-883f-0016d3cca427.jpg", "cat"),
        ("facade.jpg", "facade"),
        ("cat#7.jpg", "cat"),
        ("cat__7__.jpg", "cat"),
        ("17.jpg", ""),
    ],
)
def test_class_stands_in_front_of_the_number(filename: str, name: str) -> None:
    assert class_of(filename) == name


def test_kaggle_competition_is_labeled_without_test() -> None:
    files = found(
        "train/cat.0.jpg", "train/cat.1.jpg", "train/dog.0.jpg", "test1/1.jpg", "test1/2.jpg", "val/dog.9.jpg"
    )
    labels = label_by_filenames(files)

    assert labeled(labels, files) == {
        "train/cat.0.jpg": ("train", "cat"),
        "train/cat.1.jpg": ("train", "cat"),
        "train/dog.0.jpg": ("train", "dog"),
        "val/dog.9.jpg": ("validation", "dog"),
    }
    assert labels.warnings == ("2 images without a class in their names are left out, such as 'test1/1.jpg'",)


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["cat-1-2.jpg", "cat-2-1.jpg", "dog-1-1.jpg"], ["cat", "cat", "dog"]),
        (["cat_001_02 (1).jpg", "dog.7.jpg", "2nd 3 4.jpg"], ["cat", "dog", "2nd"]),
        (["boeing_737_1.jpg", "boeing_747_1.jpg"], ["boeing_737", "boeing_747"]),
    ],
)
def test_class_stands_in_front_of_several_numbers(names: list[str], classes: list[str]) -> None:
    files = found(*names)
    labels = label_by_filenames(files)
    assert [name for _, name in labeled(labels, files).values()] == classes
    assert f"{names[0]!r} is taken for {classes[0]!r}; if this is not the class" in labels.warnings[0]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["S001_happy_1.png", "S001_sad_1.png", "S002_happy_1.png", "S002_sad_1.png"], ["happy", "sad"] * 2),
        (["p1_cat_ear_1.png", "p1_dog_1.png", "p2_cat_ear_1.png", "p2_dog_1.png"], ["cat_ear", "dog"] * 2),
        (["1_cat.png", "2_dog.png", "3_cat.png", "4_dog.png"], ["cat", "dog"] * 2),
        (["9e3779b1_cat.png", "0ddba11c_dog.png"], ["cat", "dog"]),
        (
            [f"{color}_{part}{n}_{n}.png" for color in ("red", "blue") for part in "AB" for n in "01"],
            ["red"] * 4 + ["blue"] * 4,
        ),
        (["obj1_1.png", "obj1_2.png", "obj2_1.png"], ["obj1", "obj1", "obj2"]),
        (
            ["airbus_320a_1.png", "boeing_747b_1.png", "boeing_777x_1.png"],
            ["airbus_320a", "boeing_747b", "boeing_777x"],
        ),
    ],
    ids=["persons", "two words", "numbers in front", "hashes in front", "parts with numbers", "objects", "types"],
)
def test_numbers_of_several_classes_are_no_part(names: list[str], classes: list[str]) -> None:
    files = found(*names)
    assert [name for _, name in labeled(label_by_filenames(files), files).values()] == classes


def test_class_between_numbers_is_shown() -> None:
    labels = label_by_filenames(found("S1_happy_1.png", "S1_sad_1.png", "S2_happy_1.png", "S2_sad_1.png", "7.png"))
    guessed, unlabeled = labels.warnings
    assert guessed == (
        "4 images have more than a class and a number in the name: 'S1_happy_1.png' is taken for 'happy'; if this is "
        "not the class, say which part of the names is, as in ?layout=filenames&field=1"
    )
    assert unlabeled == "1 image without a class in its name is left out, such as '7.png'"


@pytest.mark.parametrize("form", ["{split}_{name}_{n}.png", "{name}_{split}_{n}.png", "{name}-{n}-{split}.png"])
def test_split_in_every_name_is_no_class(form: str) -> None:
    names = [form.format(split=split, name=name, n=n) for split in ("train", "test") for name in "ab" for n in (1, 2)]
    files = found(*names)
    assert list(labeled(label_by_filenames(files), files).values()) == [
        (split, name) for split in ("train", "test") for name in "ab" for _ in (1, 2)
    ]


def test_folder_around_all_images_is_no_split() -> None:
    files = found("my-test/cat.1.jpg", "my-test/dog.1.jpg")
    assert labeled(label_by_filenames(files), files)["my-test/cat.1.jpg"] == ("train", "cat")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["1.jpg", "2.jpg"], "2 images, such as '1.jpg', begin with no class (0 different ones found)"),
        ([f"{n}_{'abcd'[n]}.png" for n in range(4)], "begin with no class (4 different ones found)"),
        ([f"{n:032x}.png" for n in range(30)], "begin with no class ("),
        ([f"{n:x}g" * 4 + ".jpg" for n in range(30)], "begin with no class (30 different ones found)"),
    ],
)
def test_names_without_classes_are_rejected(names: list[str], reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        label_by_filenames(found(*names))
    assert reason in str(rejection.value)
