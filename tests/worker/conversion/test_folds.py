import pytest

from tests.worker.conversion.found import found, labeled
from worker.conversion.folder_labels import label_by_folders
from worker.conversion.folds import PlacedImage, join_folds
from worker.conversion.labels import NoClasses
from worker.conversion.members import FoundFile

TRAIN_CAT, TRAIN_DOG = ("train", "cat"), ("train", "dog")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["fold1/cat/1.jpg", "fold1/dog/1.jpg", "fold2/cat/1.jpg"], [TRAIN_CAT, TRAIN_DOG, TRAIN_CAT]),
        (["x/fold_2/cat/1.jpg", "x/Fold 10/dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["fold1/data/cat/1.jpg", "fold2/data/dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["cat/fold1/1.jpg", "cat/fold2/1.jpg", "dog/fold1/1.jpg"], [TRAIN_CAT, TRAIN_CAT, TRAIN_DOG]),
        (["train/part1/1.jpg", "train/part2/1.jpg", "bus/part1/1.jpg"], [("train", "train")] * 2 + [("train", "bus")]),
        (
            ["train/fold1/cat/1.jpg", "train/fold2/dog/1.jpg", "test/cat/2.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("test", "cat")],
        ),
        (["fold1/cat/1.jpg", "fold2/dog/1.jpg", "test/cat/2.jpg"], [TRAIN_CAT, TRAIN_DOG, ("test", "cat")]),
        (
            ["part1/train/cat/1.jpg", "part1/test/cat/2.jpg", "part2/train/dog/1.jpg"],
            [TRAIN_CAT, ("test", "cat"), TRAIN_DOG],
        ),
        (
            ["part1/cat/train/1.jpg", "part1/cat/test/2.jpg", "part2/dog/train/1.jpg"],
            [TRAIN_CAT, ("test", "cat"), TRAIN_DOG],
        ),
    ],
)
def test_folds_are_joined(names: list[str], expected: list[tuple[str, str]]) -> None:
    files = found(*names)
    labels = label_by_folders(files, {})
    assert labeled(labels, files) == dict(zip(names, expected, strict=True))
    (warning,) = labels.warnings
    assert "are taken for parts of the dataset, whose images are imported together" in warning


def test_first_of_folds_with_own_splits_is_taken() -> None:
    files = found(
        *(f"fold{n}/{split}/{name}.jpg" for n in (10, 2) for split in ("train", "val") for name in ("cat/1", "dog/1")),
        "test/cat/9.jpg",
    )
    labels = label_by_folders(files, {})

    assert labeled(labels, files) == {
        "fold2/train/cat/1.jpg": TRAIN_CAT,
        "fold2/train/dog/1.jpg": TRAIN_DOG,
        "fold2/val/cat/1.jpg": ("validation", "cat"),
        "fold2/val/dog/1.jpg": ("validation", "dog"),
        "test/cat/9.jpg": ("test", "cat"),
    }
    (warning,) = labels.warnings
    assert warning == (
        "the folders 'fold2', 'fold10' have splits of their own, as for cross-validation; 'fold2' is taken, and 4 "
        "images of the others are left out; for another one, pack it alone"
    )


@pytest.mark.parametrize(
    "form",
    [
        "fold{n}/{split}/{name}",
        "fold{n}/{name}/{split}",
        "fold_{n}_{split}/{name}",
        "{split} (Fold {n})/{name}",
        "{name}/fold{n}/{split}",
    ],
)
def test_no_image_of_folds_is_in_two_splits(form: str) -> None:
    """Each fold has all images: another image of each class is for tests."""
    files = found(
        *(
            f"{form.format(n=n, split='test' if n == image else 'train', name=name)}/{image}.jpg"
            for n in (1, 2, 3)
            for name in ("cat", "dog")
            for image in (1, 2, 3)
        )
    )
    labels = label_by_folders(files, {})
    names = {file.position: file.path[-1] for file in files}
    assert sorted((label.split, label.name, names[at]) for at, label in labels.by_position.items()) == [
        *(("test", name, "1.jpg") for name in ("cat", "dog")),
        *(("train", name, f"{n}.jpg") for name in ("cat", "dog") for n in (2, 3)),
    ]
    assert "is taken, and 12 images of the others are left out" in labels.warnings[0]


@pytest.mark.parametrize(
    "names",
    [
        ["fold1/1.jpg", "fold2/1.jpg"],
        ["train/fold1/1.jpg", "train/fold2/1.jpg", "test/9.jpg"],
        ["train/fold1/1.jpg", "train/fold2/1.jpg", "test/fold1/1.jpg"],
    ],
)
def test_folds_of_images_are_no_classes(names: list[str]) -> None:
    with pytest.raises(NoClasses, match="its folders 'fold1', 'fold2' are named for folds, not for classes"):
        label_by_folders(found(*names), {})


@pytest.mark.parametrize(
    "form", ["{split}/part{n}", "{split}/batch {n}", "{split}/part{n}/images", "{split}/data/part{n}"]
)
def test_parts_without_folders_are_classes(form: str) -> None:
    files = found(*(f"{form.format(split=split, n=n)}/1.jpg" for split in ("train", "test") for n in (1, 2)))
    labels = label_by_folders(files, {})
    found_splits = [split for split, _ in labeled(labels, files).values()]
    assert found_splits == ["train", "train", "test", "test"]
    assert len({label.name for label in labels.by_position.values()}) == 2
    assert labels.warnings == ()


class Counted(str):
    """Counts comparisons."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        type(self).compared += 1
        return super().__eq__(other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("form", ["fold{n}/cat", "cat/fold{n}"])
def test_many_folds_take_no_longer_each(form: str) -> None:
    folders = [form.format(n=n).replace("cat", name) for n in range(1_000) for name in ("cat", "dog")]
    images = [
        PlacedImage((*map(Counted, folder.split("/")), "1.jpg"), FoundFile(at, (), ""))
        for at, folder in enumerate(folders)
    ]
    Counted.compared = 0
    join_folds(images)
    assert Counted.compared < 50 * len(images)
