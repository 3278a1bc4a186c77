import pytest

from archives.errors import InvalidArchive
from tests.worker.conversion.found import found, labeled
from worker.conversion.labels import Labels
from worker.conversion.members import FoundFile
from worker.conversion.table_labels import label_by_tables

IMAGES = found("data/images/a1.jpg", "data/images/b2.jpg", "data/images/c3.jpg")


def label(text: str | bytes, images: list[FoundFile] = IMAGES, encoding: str | None = None, **others: str) -> Labels:
    texts = {"data/labels.csv": text, **{f"data/{name}.csv": each for name, each in others.items()}}
    tables = [FoundFile(100 + number, tuple(name.split("/")), name) for number, name in enumerate(texts)]
    contents = {100 + n: each.encode() if isinstance(each, str) else each for n, each in enumerate(texts.values())}
    return label_by_tables(images, tables, contents, encoding)


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na1.jpg,cat\nb2.jpg,dog\nc3.jpg,cat\n",
        "label,width,File_Name\ncat,8,images/a1.jpg\ndog,8,images/b2.jpg\ncat,9,images/c3.jpg\n",
        "id,breed\na1,cat\nb2,dog\nc3,cat\n",
        "image_id;class\r\na1;cat\r\nb2;dog\r\nc3;cat\r\n",
        "image\tcategory\na1.jpg\tcat\nb2.jpg\tdog\nc3.jpg\tcat\n",
        "a1.jpg,cat\nb2.jpg,dog\nc3.jpg,cat\n",
        "cat,a1.jpg\ndog,b2.jpg\ncat,c3.jpg\n",
        "file,what\na1.jpg,cat\nb2.jpg,dog\nc3.jpg,cat\n",
        "\ufefffile,label\n/home/me/data/images/a1.jpg,cat\n./b2.jpg,dog\nC:\\data\\c3.jpg,cat\n",
        '"file","label"\n"a1.jpg","cat"\n\n"b2.jpg","dog"\n"c3.jpg"," cat "\n',
    ],
    ids=[
        "file",
        "order",
        "stems",
        "semicolons",
        "tabs",
        "no header",
        "no header, turned",
        "one known",
        "paths",
        "quotes",
    ],
)
def test_tables_as_people_write_them_are_read(text: str) -> None:
    assert labeled(label(text), IMAGES) == {
        "data/images/a1.jpg": ("train", "cat"),
        "data/images/b2.jpg": ("train", "dog"),
        "data/images/c3.jpg": ("train", "cat"),
    }


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("file,label\na1.jpg,größe\nb2.jpg,dog\n".encode("utf-16"), None),
        ("file,label\na1.jpg,größe\nb2.jpg,dog\n".encode("cp1252"), None),
        ("file,label\na1.jpg,高兴的猫\nb2.jpg,dog\n".encode("gbk"), "gb18030"),
    ],
)
def test_encodings_of_spreadsheets_are_read(data: bytes, encoding: str | None) -> None:
    assert labeled(label(data, encoding=encoding), IMAGES)["data/images/a1.jpg"][1] in ("größe", "高兴的猫")


def test_split_comes_from_column_table_or_folder() -> None:
    column = label("file,label,split\na1.jpg,cat,train\nb2.jpg,dog,dev\nc3.jpg,cat,test\n")
    assert [each.split for each in column.by_position.values()] == ["train", "validation", "test"]

    images = found("train/1.jpg", "train/2.jpg", "test/1.jpg", "test/2.jpg")
    tables = label("id,label\n", images, train="id,label\n1,cat\n2,dog\n", test="id,label\n1,dog\n2,cat\n")
    assert list(labeled(tables, images).values()) == [
        ("train", "cat"),
        ("train", "dog"),
        ("test", "dog"),
        ("test", "cat"),
    ]

    folders = label("file,label\ntrain/1.jpg,cat\ntrain/2.jpg,dog\ntest/1.jpg,dog\n", images)
    assert list(labeled(folders, images).values()) == [("train", "cat"), ("train", "dog"), ("test", "dog")]


def test_template_of_competition_is_not_a_label_table() -> None:
    labels = label("id,label\na1,0\nb2,1\n", sample_submission="id,label\nc3,0\n")
    assert list(labeled(labels, IMAGES)) == ["data/images/a1.jpg", "data/images/b2.jpg"]


def test_what_does_not_match_is_reported() -> None:
    labels = label("file,label\na1.jpg,cat\nb2.jpg,\ngone.jpg,dog\n")

    assert labels.warnings == (
        "1 line names a file that is not in the archive, in 'data/labels.csv': 'gone.jpg'",
        "1 line has no label, in 'data/labels.csv'",
        "2 images have no label in 'data/labels.csv' and will not be used: 'data/images/b2.jpg', 'data/images/c3.jpg'",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("width,height,depth\n1,2,3\n", "and one of labels, called `file` and `label`"),
        ("width,height,depth\n1,2,3\n", "'data/labels.csv' has 'width', 'height', 'depth'"),
        ("", "'data/labels.csv' has nothing"),
        ("file,label\nx.jpg,cat\ny.jpg,dog\n", "none of the files in 'data/labels.csv', such as 'x.jpg', is an image"),
        ("file,label,split\na1.jpg,cat,left\n", "'data/labels.csv', line 2: 'left' is no split; expected train"),
        ("file,label\na1.jpg,cat\na1.jpg,dog\n", "line 3: 'a1.jpg' has the label 'dog', but 'cat' in another line"),
        ("file,label\n" + "x" * 200_000, "does not parse as a table"),
    ],
)
def test_unusable_tables_are_rejected(text: str, reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        label(text)
    assert reason in str(rejection.value)


def test_archive_without_a_table_is_rejected() -> None:
    with pytest.raises(InvalidArchive, match=r"expected a \.csv or .tsv table"):
        label_by_tables(IMAGES, [], {}, None)
