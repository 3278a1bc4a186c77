import pytest

from tests.worker.conversion.found import found, labeled
from worker.conversion.folder_labels import label_by_folders
from worker.conversion.labels import NoClasses

TRAIN_CAT, TRAIN_DOG = ("train", "cat"), ("train", "dog")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["fold1/cat/1.jpg", "fold1/dog/1.jpg", "fold2/cat/1.jpg"], [TRAIN_CAT, TRAIN_DOG, TRAIN_CAT]),
        (["x/fold_2/cat/1.jpg", "x/Fold 10/dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["fold1/data/cat/1.jpg", "fold2/data/dog/1.jpg"], [TRAIN_CAT, TRAIN_DOG]),
        (["cat/fold1/1.jpg", "cat/fold2/1.jpg", "dog/fold1/1.jpg"], [TRAIN_CAT, TRAIN_CAT, TRAIN_DOG]),
        (
            ["train/fold1/cat/1.jpg", "train/fold2/dog/1.jpg", "test/cat/2.jpg"],
            [TRAIN_CAT, TRAIN_DOG, ("test", "cat")],
        ),
        (["fold1/cat/1.jpg", "fold2/dog/1.jpg", "test/cat/2.jpg"], [TRAIN_CAT, TRAIN_DOG, ("test", "cat")]),
        (
            ["part1/train/cat/1.jpg", "part1/test/cat/2.jpg", "part2/train/dog/1.jpg"],
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


def test_folds_of_images_are_no_classes() -> None:
    with pytest.raises(NoClasses, match="its folders 'fold1', 'fold2' are named for folds, not for classes"):
        label_by_folders(found("fold1/1.jpg", "fold2/1.jpg"), {})
