import pytest

from archives.errors import InvalidArchive
from tests.worker.conversion.found import found, labeled
from worker.conversion.labels import Labels
from worker.conversion.members import FoundFile
from worker.conversion.table_labels import label_by_tables
from worker.conversion.tables import TextTable

IMAGES = found("data/images/a1.jpg", "data/images/b2.jpg", "data/images/c3.jpg")


def label(text: str | bytes, images: list[FoundFile] = IMAGES, encoding: str | None = None, **others: str) -> Labels:
    texts = {"data/labels.csv": text, **{f"data/{name}.csv": each for name, each in others.items()}}
    tables = [
        TextTable(
            FoundFile(100 + number, tuple(name.split("/")), name),
            text.encode() if isinstance(text, str) else text,
            encoding,
        )
        for number, (name, text) in enumerate(texts.items())
    ]
    return label_by_tables(images, tables, lambda: None)


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
        "lesion,image_id,dx,age\nx,a1,cat,8\ny,b2,dog,8\nz,c3,cat,9\n",
        "class id,filepaths,labels,data set\na1,a1.jpg,cat,train\nb2,b2.jpg,dog,train\nc3,c3.jpg,cat,train\n",
        "번호,파일명,분류\n1,a1.jpg,cat\n2,b2.jpg,dog\n3,c3.jpg,cat\n",
        'file,label\na1.jpg,"[\'cat\']"\nb2.jpg,"[""dog""]"\nc3.jpg,"[\'cat\']"\n',
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
        "other words",
        "numbers of images",
        "Korean",
        "lists of one",
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


KAGGLE = found("train/1.jpg", "train/2.jpg", "test/1.jpg", "test/2.jpg", "test/3.jpg")


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"train": "id,label\n1,cat\n2,dog\n", "test": "id\n1\n2\n3\n"}, ["train cat", "train dog"]),
        ({"train": "id,has_cactus\n1,0\n2,1\n", "test": "id,width\n1,8\n2,8\n"}, ["train 0", "train 1"]),
        (
            {"trainLabels": "id,label\n1,cat\n2,dog\n", "sampleSubmission": "id,label\n1,cat\n"},
            ["train cat", "train dog"],
        ),
        ({"labels": "id,label\n1,cat\n2,dog\n"}, ["train cat", "train dog"]),
        (
            {"train": "id,label\n1,cat\n2,dog\n", "test": "id,label\n1,dog\n3,cat\n"},
            ["train cat", "train dog", "test dog", "test cat"],
        ),
        ({"train": "id,label\n1,cat\n2,dog\n3,cat\n"}, ["train cat", "train dog"]),
        ({"train": "id,label\n1,cat\n2,dog\ntest/3,cat\n"}, ["train cat", "train dog", "test cat"]),
    ],
    ids=["unlabeled test", "guesses", "camel case", "no split", "labeled test", "missing", "folder"],
)
def test_numbers_of_competition_are_those_of_its_split(tables: dict[str, str], expected: list[str]) -> None:
    labels = label("x,y,z\n", KAGGLE, **tables)

    found_labels = labeled(labels, KAGGLE)
    assert [f"{split} {name}" for split, name in found_labels.values()] == expected
    assert all(name.startswith(split) for name, (split, _) in found_labels.items())


def test_images_named_by_unlabeled_tables_are_reported() -> None:
    images = found("i/1.jpg", "i/2.jpg", "i/3.jpg", "i/4.jpg", "i/5.jpg")
    labels = label("x,y,z\n", images, train="id,label\n1,cat\n2,dog\n", test="id\n3\n4\n")

    assert list(labeled(labels, images)) == ["i/1.jpg", "i/2.jpg"]
    assert labels.warnings == (
        "'data/test.csv' has no column of labels; the 2 images that it names are left out: 'i/3.jpg', 'i/4.jpg'",
        "1 image has no label in 'data/train.csv' and will not be used: 'i/5.jpg'",
    )


def test_ambiguous_names_are_no_missing_ones() -> None:
    images = found("a/1.jpg", "b/1.jpg", "b/2.jpg", "b/3.jpg")
    labels = label("id,label\n1,cat\n2,dog\n3,cat\n", images)

    assert list(labeled(labels, images)) == ["b/2.jpg", "b/3.jpg"]
    assert labels.warnings[0] == "1 line names several images, which are left out, in 'data/labels.csv': '1'"


@pytest.mark.parametrize(
    "text",
    [
        "image,MEL,NV\na1,1.0,0.0\nb2,0.0,1.0\nc3,1.0,0.0\n",
        "image_id,NV,MEL,age\na1,0,1,30\nb2,1,0,\nc3,0,1,50\n",
        "photo;MEL;NV;sex\na1.jpg;True;False;f\nb2.jpg;False;True;m\nc3.jpg;True;False;f\n",
        ",image,MEL,NV\n0,a1,1,\n1,b2,,1\n2,c3,1,\n",
    ],
    ids=["ISIC", "other columns", "pandas", "index"],
)
def test_column_for_each_class_is_read(text: str) -> None:
    labels = label(text)
    assert [name for _, name in labeled(labels, IMAGES).values()] == ["MEL", "NV", "MEL"]
    others = [each for each in ("age", "sex") if f"{each}\n" in text]
    assert len(labels.warnings) == len(others)
    assert all(f"left out, {each!r}; if one of these has the labels" in labels.warnings[0] for each in others)


def test_lines_of_several_classes_are_left_out() -> None:
    labels = label("image,healthy,rust,scab\na1,1,0,0\nb2,0,1,1\nc3,0,0,0\n", ages="image,age\na1,7\nb2,8\nc3,9\n")

    assert labeled(labels, IMAGES) == {"data/images/a1.jpg": ("train", "healthy")}
    assert labels.warnings == (
        "1 line has several labels and is left out, in 'data/labels.csv': 'b2'",
        "1 line has no label, in 'data/labels.csv'",
        "1 image has no label in 'data/labels.csv' and will not be used: 'data/images/c3.jpg'",
    )


def test_lists_of_labels_are_left_out() -> None:
    labels = label("image,label\na1,cat\nb2,cat|dog\nc3,dog\n")

    assert [name for _, name in labeled(labels, IMAGES).values()] == ["cat", "dog"]
    assert labels.warnings == (
        "1 line has several labels and is left out, in 'data/labels.csv': 'data/images/b2.jpg: cat|dog'",
    )


@pytest.mark.parametrize("missing", ["NaN", "nan", "<NA>", "#N/A"])
def test_missing_values_of_programs_are_no_class(missing: str) -> None:
    labels = label(f"image,label\na1,cat\nb2,{missing}\nc3,None\n")
    assert [name for _, name in labeled(labels, IMAGES).values()] == ["cat", "None"]


def test_captions_are_no_classes() -> None:
    images = found(*(f"{number}.jpg" for number in range(4)))
    lines = "".join(f"{number}.jpg,a photo of {number}\n" for number in range(4))
    with pytest.raises(InvalidArchive, match=r"each line of .* has a label of its own, such as 'a photo of 0'"):
        label(f"file_name,text\n{lines}", images)


@pytest.mark.parametrize(
    ("train", "test"),
    [(("0", "1"), ("1.0", "0.0")), (("0.", "1."), ("1", "0")), (("0", "1"), ("1", "0"))],
)
def test_whole_numbers_are_one_class(train: tuple[str, str], test: tuple[str, str]) -> None:
    images = found("train/1.jpg", "train/2.jpg", "test/1.jpg", "test/2.jpg")
    rows = [f"id,label\n1,{first}\n2,{second}\n" for first, second in (train, test)]
    labels = label("x,y\n", images, train=rows[0], test=rows[1])
    assert [name for _, name in labeled(labels, images).values()] == ["0", "1", "1", "0"]


def test_secret_labels_are_none() -> None:
    images = found(*(f"{split}/{number}.jpg" for split in ("train", "test") for number in range(3)))
    labels = label("x,y\n", images, train="id,label\n0,0\n1,1\n2,0\n", test="id,label\n0,-1\n1,-1\n2,-1\n")

    assert [split for split, _ in labeled(labels, images).values()] == ["train"] * 3
    assert "3 lines have no label, in the tables" in labels.warnings


@pytest.mark.parametrize("names", [("1.5", "a"), ("v1.0", "v1.5"), ("-1", "1"), ("01", "02")])
def test_text_with_points_is_no_number(names: tuple[str, str]) -> None:
    labels = label(f"file,label\na1,{names[0]}\nb2,{names[1]}\n")
    assert [name for _, name in labeled(labels, IMAGES).values()] == list(names)


@pytest.mark.parametrize(
    ("images", "cell", "reason"),
    [
        ("i/img.png", "IMG.png", "'IMG.png' differs from 'i/img.png' in case only"),
        ("i/1.jpeg", "1.jpg", "'1.jpg' differs from 'i/1.jpeg' in suffix only"),
        ("test/7.png", "train/7.png", "'test/7.png', which has the name 'train/7.png', is in another folder or split"),
        ("i/007.png", "7", "'7' differs from 'i/007.png' in leading zeros only"),
        ("i/1.JPG", "1.jpg", "'1.jpg' differs from 'i/1.JPG' in case only"),
    ],
)
def test_almost_the_name_of_an_image_is_named(images: str, cell: str, reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        label(f"file,label\n{cell},cat\ngone.png,dog\n", found(images, "i/x.png"))
    assert f"is an image of the archive; {reason}" in str(rejection.value)

    labels = label(f"file,label\nx.png,cat\n{cell},dog\n", found(images, "i/x.png"))
    assert labels.warnings[0].endswith(reason)


def test_class_named_in_composed_form() -> None:
    images = found("i/é.jpg", "i/2.jpg")
    labels = label("file,label\ne\u0301.jpg,gro\u0308ße\n2.jpg,größe\n", images)
    assert [name for _, name in labeled(labels, images).values()] == ["größe", "größe"]


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
        (
            "file,age\na1,1.5\nb2,2.25\nc3,7\n",
            "'data/labels.csv' has the label 1.5; expected text or integers; to predict measured numbers",
        ),
        ("file,label,split\na1.jpg,cat,left\n", "'data/labels.csv', line 2: 'left' is no split; expected train"),
        (
            "image,a,b\na1,1,1\nb2,1,1\nc3,0,1\n",
            "2 lines have several labels, in 'data/labels.csv': 'a1', 'b2'; several",
        ),
        (
            "file,label\na1.jpg,cat|dog\nb2.jpg,dog|cat\nc3.jpg,dog\n",
            "2 lines have several labels, in 'data/labels.csv': 'data/images/a1.jpg: cat|dog', 'data/images/b2.jpg: ",
        ),
        ("file,label\na1.jpg,\nb2.jpg,\n", "no line of 'data/labels.csv' has a label"),
        ('file,label\n"a1.jpg",cat\nb2.jpg,"c\nd"\n\na1.jpg,dog\n', "line 6: 'a1.jpg' has the label 'dog'"),
        ("file,label\na1.jpg,cat\na1.jpg,dog\n", "line 3: 'a1.jpg' has the label 'dog', but 'cat' in another line"),
        ("file,label\n" + "x" * 200_000, "does not parse as a table"),
    ],
)
def test_unusable_tables_are_rejected(text: str, reason: str) -> None:
    with pytest.raises(InvalidArchive) as rejection:
        label(text)
    assert reason in str(rejection.value)


def test_archive_without_a_table_is_rejected() -> None:
    with pytest.raises(InvalidArchive, match=r"expected a \.csv, \.tsv or \.parquet table"):
        label_by_tables(IMAGES, [], lambda: None)


@pytest.mark.parametrize(
    ("header", "flags", "splits"),
    [
        ("is_valid", ["False", "True", "0"], ["train", "validation", "train"]),
        ("is_training_image", ["1", "0", "1"], ["train", "test", "train"]),
        ("is_val,is_test", ["0,0", "1,0", "0,1"], ["train", "validation", "test"]),
        ("istrain", ["1", "0", "1"], ["train", "test", "train"]),
        ("ISTEST", ["0", "1", "0"], ["train", "test", "train"]),
        ("isValid,isTest", ["0,0", "1,0", "0,1"], ["train", "validation", "test"]),
        ("is_train,is_val", ["1,0", "0,1", "0,0"], ["train", "validation", "test"]),
        ("is_train,is_test", ["1,0", "0,1", "0,0"], ["train", "test", "validation"]),
    ],
)
def test_columns_of_flags_are_splits(header: str, flags: list[str], splits: list[str]) -> None:
    rows = [f"{name},{each},{flag}" for name, each, flag in zip(("a1", "b2", "c3"), "xyx", flags, strict=True)]
    found = labeled(label("\n".join([f"file,label,{header}", *rows])), IMAGES)
    assert [split for split, _ in found.values()] == splits


def test_flags_are_no_classes() -> None:
    text = "file,cat,dog,is_valid\na1,1,0,0\nb2,0,1,0\nc3,1,0,1\n"
    assert labeled(label(text), IMAGES)["data/images/c3.jpg"] == ("validation", "cat")


@pytest.mark.parametrize("values", [("yes", "no"), ("x", ""), ("1", "-1")])
def test_classes_may_be_crossed_in_columns(values: tuple[str, str]) -> None:
    yes, no = values
    text = f"file,cat,dog\na1,{yes},{no}\nb2,{no},{yes}\nc3,{yes},{no}\n"
    assert [name for _, name in labeled(label(text), IMAGES).values()] == ["cat", "dog", "cat"]


def test_names_of_numbered_labels_are_classes() -> None:
    text = "file,label,class_name\na1,0,cat\nb2,1,dog\nc3,0,cat\n"
    labels = label(text)
    assert [name for _, name in labeled(labels, IMAGES).values()] == ["cat", "dog", "cat"]
    assert labels.warnings == ()


def test_other_column_of_labels_is_named() -> None:
    images = found("a1.jpg", "b2.jpg", "c3.jpg", "d4.jpg")
    text = "file,breed,species,name\na1,pug,dog,Rex\nb2,pug,dog,Max\nc3,lab,dog,Sam\nd4,manx,cat,Tom\n"
    labels = label(text, images)
    assert [name for _, name in labeled(labels, images).values()] == ["pug", "pug", "lab", "manx"]
    (warning,) = labels.warnings
    assert warning == (
        "'data/labels.csv' has several columns that may have the labels: 'breed' is taken, not 'species'; if it is "
        "another one, call it `label`"
    )


def test_decimal_commas_are_no_classes() -> None:
    with pytest.raises(InvalidArchive, match="has the label 0,5; expected text or integers"):
        label("file;label\na1;0,5\nb2;1,5\nc3;0,5\n")


def test_addresses_are_read_without_their_query() -> None:
    text = "file,label\nhttps://example.org/a1.jpg?size=8,cat\nb2.jpg,dog\nc3.jpg,cat\n"
    assert labeled(label(text), IMAGES)["data/images/a1.jpg"] == ("train", "cat")
