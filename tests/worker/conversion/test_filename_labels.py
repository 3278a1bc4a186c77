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
        (["26_0_2_2017.jpg", "31_1_0_2018.jpg"], ["26", "31"]),
        (["boeing_737_1.jpg", "boeing_747_1.jpg"], ["boeing_737", "boeing_747"]),
    ],
)
def test_class_stands_in_front_of_several_numbers(names: list[str], classes: list[str]) -> None:
    files = found(*names)
    labels = label_by_filenames(files)
    assert [name for _, name in labeled(labels, files).values()] == classes
    assert f"{names[0]!r} is taken for {classes[0]!r}; if this is not the class" in labels.warnings[0]


def test_folder_around_all_images_is_no_split() -> None:
    files = found("my-test/cat.1.jpg", "my-test/dog.1.jpg")
    assert labeled(label_by_filenames(files), files)["my-test/cat.1.jpg"] == ("train", "cat")


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["1.jpg", "2.jpg"], "2 images, such as '1.jpg', begin with no class (0 different ones found)"),
        (["1_cat.png", "2_cat.png", "3_dog.png", "4_dog.png"], "begin with no class (4 different ones found)"),
        ([f"{n:032x}.png" for n in range(30)], "begin with no class ("),
        ([f"{n:x}f" * 4 + ".jpg" for n in range(30)], "begin with no class (30 different ones found)"),
    ],
)
def test_names_without_classes_are_rejected(names: list[str], reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        label_by_filenames(found(*names))
    assert reason in str(rejection.value)
