import pytest

from tests.worker.conversion.found import found
from worker.conversion.image_index import ImageIndex
from worker.conversion.members import FoundFile
from worker.conversion.split_names import Kind

IMAGES = found("x/train/1.jpg", "x/test/1.jpg", "x/images/1.jpg", "x/images/2.jpg", "x/train/b/3.png", "x/4.v1.jpg")


@pytest.mark.parametrize(
    ("cell", "near", "kind", "names"),
    [
        ("2.jpg", (), None, ["x/images/2.jpg"]),
        ("2", (), None, ["x/images/2.jpg"]),
        ("4.v1", (), None, ["x/4.v1.jpg"]),
        ("/photos/of/images/2.jpg", (), None, ["x/images/2.jpg"]),
        ("b\\3", (), None, ["x/train/b/3.png"]),
        ("1", (), "test", ["x/test/1.jpg"]),
        ("1", (), None, ["x/train/1.jpg"]),
        ("1", (), "validation", ["x/images/1.jpg"]),
        ("1", ("x", "images"), "test", ["x/images/1.jpg"]),
        ("/data/test/1.jpg", (), "train", ["x/test/1.jpg"]),
        ("test/b/3.png", (), None, []),
        ("5.jpg", (), None, []),
        ("", (), None, []),
        ("../..", (), None, []),
        ("/".join("a" * 100) + "/2.jpg", (), None, ["x/images/2.jpg"]),
    ],
)
def test_image_is_found(cell: str, near: tuple[str, ...], kind: Kind | None, names: list[str]) -> None:
    assert [file.name for file in ImageIndex(IMAGES).find(cell, near, kind)] == names


def test_equal_candidates_are_all_returned() -> None:
    assert len(ImageIndex(found("a/1.jpg", "b/1.jpg", "test/1.jpg")).find("1.jpg")) == 2


def test_folder_around_all_names_no_split() -> None:
    images = found("my-test/a/1.jpg", "my-test/train/2.jpg")
    assert [ImageIndex(images).split_folder(file) for file in images] == [(None, ""), ("train", "train")]


class _Counted(FoundFile):
    """Counts how often it is looked at."""

    reads = 0

    @property
    def path(self) -> tuple[str, ...]:
        type(self).reads += 1
        return self[1]


@pytest.mark.parametrize("cell", ["{}/a.jpg", "a.jpg", "other/{}/a", "b.jpg"])
def test_work_for_an_image_is_constant(cell: str) -> None:
    reads = []
    for number in (100, 200):
        _Counted.reads = 0
        index = ImageIndex([_Counted(*file) for file in found(*(f"{each}/a.jpg" for each in range(number)))])
        for each in range(number):
            index.find(cell.format(each))
        reads.append(_Counted.reads)
    assert reads[1] <= 2 * reads[0]
