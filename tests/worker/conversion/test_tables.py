import pytest

from archives.errors import InvalidArchive
from archives.name_encodings import find_encoding
from tests.worker.conversion.found import found
from worker.conversion.tables import Line, TextTable

ROWS = [["file", "label"], ["a.jpg", "größe"]]


def read(data: str | bytes, encoding: str | None = None) -> list[Line]:
    content = data.encode() if isinstance(data, str) else data
    return list(TextTable(found("t.csv")[0], content, encoding).lines())


@pytest.mark.parametrize(
    "data",
    [
        "file,label\na.jpg,größe\n",
        "file;label\r\na.jpg;größe\r\n",
        "file\tlabel\ra.jpg\tgröße\r",
        "\ufefffile|label\na.jpg|größe",
        '"file";"label"\n"a.jpg";"größe"\n',
        "sep=;\nfile;label\na.jpg;größe\n",
        '\ufeff"sep=\t"\r\nfile\tlabel\r\na.jpg\tgröße\r\n',
        "file , label\n a.jpg , gro\u0308ße \n",
        "file;label\na.jpg;größe\n".encode("utf-16"),
        "file\tlabel\r\na.jpg\tgröße\r\n".encode("utf-16-le"),
        "file,label\na.jpg,größe\n".encode("utf-16-be"),
        "sep=,\nfile,label\na.jpg,größe\n".encode("utf-16"),
    ],
)
def test_table_of_any_program_is_read(data: str | bytes) -> None:
    assert [line.cells for line in read(data)] == ROWS


def test_delimiters_in_quotes_are_text() -> None:
    assert read('"a,b,c";d\n"1,2,3";4\n')[1].cells == ["1,2,3", "4"]


def test_lines_have_the_numbers_of_the_file() -> None:
    lines = read('sep=,\nfile,label\n\n"a\nb",cat\n"c",dog\n ,\nd,"e\r\n\r\nf"\ng,h\n')
    assert [line.number for line in lines] == [2, 4, 6, 8, 11]


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (b"\xff\xfef", None, "'t.csv' is not UTF-8, nor UTF-16; save it as UTF-8"),
        (b"a,\x81\n", None, "name its encoding, as in [?]names=gbk"),
        (b"a,\xff\n", "gb18030", "'t.csv' is not UTF-8, nor in the encoding named for it .gb18030.;"),
        (b"a,b\n" + b"x" * 200_000, None, "does not parse as a table: field larger than"),
    ],
)
def test_what_is_no_text_is_rejected(data: bytes, encoding: str | None, reason: str) -> None:
    with pytest.raises(InvalidArchive, match=reason):
        read(data, encoding)


@pytest.mark.parametrize("name", ["größe", "Öl", "été", "créée", "cœur", "Škoda", "don\u2019t", "naïve", "João"])
def test_western_text_is_read_with_a_warning(name: str) -> None:
    table = TextTable(found("t.csv")[0], f"file,label\na,{name}\n".encode("cp1252"), None)

    assert list(table.lines())[1].cells == ["a", name]
    [warning] = table.warnings
    assert warning.startswith("'t.csv' is not UTF-8: ")
    assert f"cp1252 reads 'a,{name}'; cp1252 is taken; if it is wrong" in warning


@pytest.mark.parametrize(
    ("encoding", "named", "name"),
    [
        *(("cp949", "euc_kr", name) for name in ("고양이", "개", "이", "적")),
        *(("gbk", "gbk", name) for name in ("高兴的猫", "狗", "鸟")),
        *(("shift_jis", "shift_jis", name) for name in ("ネコ", "猫", "子", "いぬ", "自転車")),
        *(("big5", "big5", name) for name in ("貓", "狗")),
    ],
)
def test_text_of_other_alphabets_needs_its_name(encoding: str, named: str, name: str) -> None:
    data = f"file,label\nb,x\na,{name}\n".encode(encoding)
    with pytest.raises(InvalidArchive) as rejection:
        read(data)

    assert "'t.csv' is not UTF-8; save it as UTF-8, or name its encoding, as in ?names=gbk: " in str(rejection.value)
    assert f"{named} reads 'a,{name}'" in str(rejection.value)
    assert read(data, find_encoding(named))[-1].cells == ["a", name]
