import pytest

from archives.errors import InvalidArchive
from tests.worker.conversion.found import found, labeled
from worker.conversion.folder_labels import label_by_folders
from worker.conversion.labels import NoClasses, order_classes, split_names

TRAIN_CAT, TRAIN_DOG = ("train", "cat"), ("train", "dog")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cat/1.jpg", "dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["flowers-main/data/cat/1.jpg", "flowers-main/data/dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["a/b/c/d/cat/1.jpg", "a/b/c/d/dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["train/cat/1.jpg", "train/dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (
            ["train/cat/1.jpg", "train/dog/1.jpg", "dev/cat/2.jpg", "test/dog/3.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("validation", "cat"), ("test", "dog")],
        ),
        (
            ["seg_train/seg_train/cat/1.jpg", "seg_train/seg_train/dog/1.jpg", "seg_test/seg_test/cat/2.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("test", "cat")],
        ),
        (
            ["x/training_set/cat/1.jpg", "x/training_set/dog/1.jpg", "x/test_set/dog/2.jpg", "x/Valid/dog/3.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("test", "dog"), ("validation", "dog")],
        ),
        (
            ["training/cat/1.jpg", "training/dog/1.jpg", "validation/cat/2.jpg", "evaluation/cat/3.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("validation", "cat"), ("test", "cat")],
        ),
        (
            ["train/images/cat/1.jpg", "train/images/dog/1.jpg", "test/images/cat/2.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("test", "cat")],
        ),
        (
            ["cat/train/1.jpg", "cat/test/2.jpg", "dog/train/1.jpg", "dog/val/3.jpg"],
            [TRAIN_CAT, ("test", "cat"), TRAIN_DOG, ("validation", "dog")],
        ),
        (
            ["학습/cat/1.jpg", "학습/dog/1.jpg", "검증데이터/cat/2.jpg", "2.시험/cat/3.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("validation", "cat"), ("test", "cat")],
        ),
        (["x/train/cat/images/1.jpg", "x/train/dog/images/2.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["images/1.jpg", "photos/1.jpg"], [("train", "images"), ("train", "photos")]),
        (["train/1.jpg", "bus/1.jpg"], [("train", "train"), ("train", "bus")]),
        (["valid/1.jpg", "invalid/1.jpg"], [("train", "valid"), ("train", "invalid")]),
        (["covid_test/1.jpg", "no-test/2.jpg"], [("train", "covid_test"), ("train", "no-test")]),
        (["test tube/1.jpg", "flask/1.jpg"], [("train", "test tube"), ("train", "flask")]),
        (["trainval/cat/1.jpg", "trainval/dog/1.jpg", "holdout/cat/1.jpg"], [TRAIN_CAT, TRAIN_DOG, ("test", "cat")]),
        (["训练集/cat/1.jpg", "训练集/dog/1.jpg", "测试集/cat/1.jpg"], [TRAIN_CAT, TRAIN_DOG, ("test", "cat")]),
        (["part1/1.jpg", "part2/1.jpg"], [("train", "part1"), ("train", "part2")]),
    ],
)
def test_images_are_labeled_by_their_folders(names: list[str], expected: list[tuple[str, str]]) -> None:
    files = found(*names)
    labels = label_by_folders(files, {})
    assert labeled(labels, files) == dict(zip(names, expected, strict=True))
    assert labels.warnings == ()


@pytest.mark.parametrize(
    ("names", "expected", "example"),
    [
        (
            ["x/train_cat/1.jpg", "x/train_dog/1.jpg", "x/test_cat/2.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("test", "cat")],
            "'train_cat' is read as images of 'cat'",
        ),
        (
            ["Cat-2 (train)/1.jpg", "trainDog/1.jpg", "Cat-2 (valid)/2.jpg"],
            [("train", "Cat-2"), ("train", "Dog"), ("validation", "Cat-2")],
            "'Cat-2 (train)' is read as images of 'Cat-2'",
        ),
        (
            ["train_1/1.jpg", "train_cat/1.jpg", "test_1/2.jpg"],
            [("train", "1"), TRAIN_CAT, ("test", "1")],
            "'train_1' is read as images of '1'",
        ),
    ],
)
def test_splits_in_names_of_classes_are_read(names: list[str], expected: list[tuple[str, str]], example: str) -> None:
    files = found(*names)
    labels = label_by_folders(files, {})
    assert labeled(labels, files) == dict(zip(names, expected, strict=True))
    assert labels.warnings == (
        f"the names of the folders of classes are taken for splits as well: {example} for training",
    )


@pytest.mark.parametrize("form", ["{split}_{n}", "{split}-part{n}", "{split} shard {n}"])
def test_numbers_beside_splits_are_no_classes(form: str) -> None:
    files = found(*(f"{form.format(split=split, n=n)}/{n}.jpg" for split in ("train", "test") for n in (1, 2)))
    with pytest.raises(NoClasses, match=r"its images are in 'test.*, without a folder for each class"):
        label_by_folders(files, {})


def test_folders_of_splits_are_reported_as_found() -> None:
    files = found("d/seg_train/cat/1.jpg", "d/seg_train/dog/1.jpg", "d/seg_dev/cat/2.jpg", "d/seg_test/cat/1.jpg")
    assert split_names(label_by_folders(files, {}).by_position.values()) == {
        "train": ("seg_train",),
        "test": ("seg_test",),
        "validation": ("seg_dev",),
    }


@pytest.mark.parametrize(
    "unlabeled",
    [
        "seg_pred/seg_pred/3.jpg",
        "test/3.jpg",
        "test1/3.jpg",
        "unlabeled/cat/3.jpg",
        "test/test/3.jpg",
        "val/images/3.jpg",
    ],
)
def test_images_of_split_without_classes_are_skipped(unlabeled: str) -> None:
    files = found("train/cat/1.jpg", "train/dog/1.jpg", unlabeled)
    labels = label_by_folders(files, {})

    assert list(labeled(labels, files)) == ["train/cat/1.jpg", "train/dog/1.jpg"]
    folder = unlabeled.rpartition("/")[0]
    assert labels.warnings == (f"1 image without a class folder is left out: those in '{folder}'",)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["cat/1.jpg", "dog/1.jpg", "logo.png"], "'logo.png' is beside the class folders, not in one, unlike 2 other"),
        (["r/docs/a.png", "r/data/cat/1.jpg", "r/data/dog/1.jpg"], "'r/docs/a.png' is beside the class folders"),
        (["cat/1.jpg", "dog/1.jpg", "dog/small/2.jpg"], "'dog/small/2.jpg' is too deep, unlike 2 other images"),
        (["pets/cat/1.jpg", "plants/rose/1.jpg"], "the folders 'pets', 'plants' hold folders instead of images"),
        (["train/cat/1.jpg", "test/cat/1.jpg", "extra/cat/2.jpg"], "'extra/cat/2.jpg' is beside test/ and train/"),
        (["train/cat/1.jpg", "test/cat/1.jpg", "logo.png"], "'logo.png' is beside test/ and train/"),
        (["train/cat/1.jpg", "train/2.jpg", "test/cat/1.jpg"], "'train/2.jpg' is beside the class folders"),
        (
            ["train/cat.0.jpg", "test1/1.jpg"],
            "in 'test1' and 'train', without a folder for each class",
        ),
        (["test1/1.jpg", "test2/1.jpg"], "in 'test1' and 'test2', without a folder for each class"),
        (["train_images/1.jpg", "test_images/1.jpg"], "in 'test_images' and 'train_images', without a folder for each"),
        (["1.jpg", "2.jpg"], "such as '1.jpg', are in no class folder"),
        (
            ["images/1.jpg", "masks/1.png"],
            "its folders 'images', 'masks' are named for kinds of files, not for classes",
        ),
        (
            ["v/JPEGImages/1.jpg", "v/SegmentationClass/1.png"],
            "its folders 'JPEGImages', 'SegmentationClass' are named",
        ),
        (
            ["train/images/1.jpg", "train/ground_truth/1.png"],
            "its folders 'ground_truth', 'images' are named for kinds",
        ),
    ],
)
def test_what_is_in_the_way_is_named(names: list[str], reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        label_by_folders(found(*names), {})
    assert reason in str(rejection.value)


NOTES = "x/cow/readme.txt"


@pytest.mark.parametrize(
    ("names", "folder", "held", "reason"),
    [
        (["x/cat/1.jpg", "x/dog/1.jpg"], "x/cow", None, "the class folder 'x/cow' is empty; fill it or leave it out"),
        (["train/cat/1.jpg", "train/dog/1.jpg"], "train/cow", None, "the class folder 'train/cow' is empty"),
        (
            ["train/cat/1.jpg", "val/cat/2.jpg", "train/dog/1.jpg"],
            "val/cow",
            None,
            "the class folder 'val/cow' is empty",
        ),
        (["cat/train/1.jpg", "dog/train/1.jpg"], "cow", None, "the class folder 'cow' is empty"),
        (
            ["train/cat/1.jpg", "test/dog/1.jpg"],
            "train/cow",
            "train/cow/1.mp4",
            "the class folder 'train/cow' has no image, only other files, such as 'train/cow/1.mp4'; fill it or leave",
        ),
    ],
)
def test_class_without_images_is_rejected(names: list[str], folder: str, held: str | None, reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        label_by_folders(found(*names), {tuple(folder.split("/")): held})
    assert reason in str(rejection.value)


def test_folders_that_are_no_classes_may_be_empty() -> None:
    files = found("x/train/cat/1.jpg", "x/train/dog/1.jpg", "x/test/cat/1.jpg")
    labels = label_by_folders(files, {("x", "test", "dog"): None, ("x", "logs"): None, ("docs",): "docs/a.md"})
    assert labels.warnings == ()


def test_folder_of_other_files_has_a_warning() -> None:
    labels = label_by_folders(found("x/cat/1.jpg", "x/dog/1.jpg"), {("x", "cow"): NOTES, ("docs",): "docs/a.md"})
    assert labels.warnings == (
        f"1 folder beside those of the classes has no image and will be no class: 'x/cow' with '{NOTES}'",
    )


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["val/cat/1.jpg", "test/dog/1.jpg"], "all images are of test and validation, none to train on"),
        (["train/cat/1.jpg", "train/dog/1.jpg", "val/cow/1.jpg"], "class 'cow' is in validation only"),
        (["train/cat/1.jpg", "train/dog/1.jpg", "test/Dog/1.jpg"], "the classes 'Dog' and 'dog' differ in case only"),
        (["cat/1.jpg"], "it has one class only, 'cat'"),
    ],
)
def test_classes_must_be_trainable(names: list[str], reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        order_classes(label_by_folders(found(*names), {}).by_position.values())
    assert reason in str(rejection.value)


def test_split_is_named_by_the_folder_of_its_class() -> None:
    labels = label_by_folders(found("train_cat/1.jpg", "train_dog/1.jpg", "val_cat/2.jpg", "test/3.jpg"), {})
    named = {"train": ("train_cat", "train_dog"), "validation": ("val_cat",)}
    assert split_names(labels.by_position.values()) == named
    assert labels.warnings[1] == "1 image without a class folder is left out: those in 'test'"


@pytest.mark.parametrize(
    "names",
    [
        ["cat/images/1.png", "dog/images/1.png", "cat/masks/1.png", "dog/masks/1.png"],
        ["x/images/cat/1.png", "x/images/dog/1.png", "x/masks/cat/1.png", "x/masks/dog/1.png"],
        ["train/cat/Images/1.png", "train/dog/Images/1.png", "train/cat/Ground_Truth/1.png"],
        ["train/images/cat/1.png", "train/images/dog/1.png", "train/labels/cat/1.png"],
    ],
)
def test_masks_beside_the_images_are_left_out(names: list[str]) -> None:
    files = found(*names)
    labels = label_by_folders(files, {})
    assert list(labeled(labels, files).values()) == [TRAIN_CAT, TRAIN_DOG]
    (warning,) = labels.warnings
    assert "left out: those in " in warning
    assert "masks" in warning


def test_trainval_beside_train_is_rejected() -> None:
    names = [f"{split}/{name}/1.jpg" for split in ("train", "val", "trainval") for name in ("cat", "dog")]
    with pytest.raises(InvalidArchive, match=r"'trainval/cat/1\.jpg' is beside train/ and val/"):
        label_by_folders(found(*names), {})
