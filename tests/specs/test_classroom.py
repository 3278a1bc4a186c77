"""Handles of students, and deadlines of assignments."""

import pytest

from specs.assignment import parse_assignment
from specs.classroom import handle_of
from specs.errors import SpecError


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("Ann Müller", "ann-muller"),
        ("Łukasz O'Neil", "lukasz-o-neil"),
        ("Straße, Jürgen", "strasse-jurgen"),
        ("山田 太郎", "student"),
        ("  --  ", "student"),
        ("A" * 40, "a" * 24),
        ("../../etc", "etc"),
    ],
)
def test_handle_is_made_of_plain_letters(name: str, handle: str) -> None:
    assert handle_of(name, set()) == handle


def test_handles_are_told_apart_by_numbers() -> None:
    taken: set[str] = set()
    for _ in range(12):
        taken.add(handle_of("Ann", taken))

    assert taken == {"ann", *(f"ann-{number}" for number in range(2, 13))}
    assert all(len(handle_of("A" * 40, {"a" * 24})) <= 24 for _ in range(2))


def test_deadline_is_read_in_any_zone() -> None:
    document = {"class": "b", "title": "t", "base": {}}
    zoned, utc = (
        parse_assignment({**document, "deadline": text}).deadline
        for text in ("2027-03-01T18:00:00+01:00", "2027-03-01T17:00:00Z")
    )

    assert zoned == utc
    for wrong in ("2027-03-01", "2027-03-01T18:00:00", "soon", "0001-01-01T00:00:00+14:00", None):
        with pytest.raises(SpecError, match="/deadline"):
            parse_assignment({**document, "deadline": wrong})
