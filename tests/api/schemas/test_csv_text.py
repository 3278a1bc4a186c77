import csv
import io
from typing import Any

import pytest

from api.schemas.csv_text import write_csv


def cell(value: Any) -> str:
    """As a reader gets it."""
    [[found, _]] = csv.reader(io.StringIO(write_csv(["a", "b"], [[value, 1]]).partition("\n")[2]))
    return found


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_text_that_begins_a_formula_is_quoted(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "digits, small", 'a "b"', "'x", "한국어"])
def test_other_text_is_unchanged(text: str) -> None:
    assert cell(text) == text


@pytest.mark.parametrize(
    ("value", "text"), [(-0.5, "-0.5"), (-3, "-3"), (1e-7, "1e-07"), (None, ""), (True, "true"), (False, "false")]
)
def test_numbers_stay_numbers(value: object, text: str) -> None:
    assert cell(value) == text


def test_list_is_one_text() -> None:
    assert cell(["a", "b"]) == "a b"
    assert cell(["-a", "b"]) == "'-a b"


def test_header_is_guarded_as_well() -> None:
    assert write_csv(["=a", "b"], []) == "'=a,b\n"
