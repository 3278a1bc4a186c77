"""Tables of names as schools have them."""

import codecs
from pathlib import Path

import pytest

from trainyard.cli.student_names import read_students
from trainyard.errors import UsageError


def names(tmp_path: Path, data: bytes) -> list[str]:
    path = tmp_path / "names.csv"
    path.write_bytes(data)
    return read_students(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann\nBob\n", ["Ann", "Bob"]),
        ("Name\r\nAnn Müller\r\n\r\nBob\r\n", ["Ann Müller", "Bob"]),
        ("Klasse;Name\n7b;Ann\n7b;Bob\n", ["Ann", "Bob"]),
        ("Nachname;Vorname;Klasse\nMüller;Ann;7b\n", ["Ann Müller"]),
        ("first name,last name\nAnn,Lee\nBob,\n", ["Ann Lee", "Bob"]),
        ("Ann\t7b\nBob\t7b\n", ["Ann", "Bob"]),
        ('name\n"Lee, Ann"\n', ["Lee, Ann"]),
        ("Ann;;\n;;\n  Bob   Lee ;;\n", ["Ann", "Bob Lee"]),
    ],
)
def test_names_are_read_with_and_without_header(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert names(tmp_path, text.encode()) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_names_are_read_in_usual_encodings(tmp_path: Path, encoding: str) -> None:
    assert names(tmp_path, "Schüler\nJürgen Groß\n".encode(encoding)) == ["Jürgen Groß"]


@pytest.mark.parametrize("data", [b"", b"\n \n", b"name\n", codecs.BOM_UTF8])
def test_table_without_names_is_rejected(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UsageError, match="has no names"):
        names(tmp_path, data)


def test_missing_table_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_students(tmp_path / "none.csv")
