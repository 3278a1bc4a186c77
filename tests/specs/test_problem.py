import json
from typing import Any

import pytest

from specs.problem import Problem, format_value, pointer_of, received_value


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ((), ""),
        (("model", "layers", 4, "kernel_size"), "/model/layers/4/kernel_size"),
        (("a/b", "c~d"), "/a~1b/c~0d"),
        (("x" * 500,), "/" + "x" * 100 + "…"),
    ],
)
def test_pointers(path: tuple[Any, ...], pointer: str) -> None:
    assert pointer_of(path) == pointer


@pytest.mark.parametrize("value", [None, True, 3, 0.5, "text", [3, 3], {"type": "Dense", "units": 3}, []])
def test_short_value_is_kept(value: Any) -> None:
    assert received_value(value) == value
    assert json.loads(format_value(value)) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x" * 1_000_000, "x" * 100 + "…"),
        (10**3000, "a number of about 3000 digits"),
        (float("nan"), "nan"),
        ([0] * 1000, "a list of 1,000 items"),
        ([[0]], "a list of 1 items"),
        ({"a": {}}, "an object with 1 fields"),
        (b"x", "a value of type bytes"),
        (["x" * 200], ["x" * 100 + "…"]),
    ],
)
def test_long_value_is_described(value: Any, words: Any) -> None:
    assert received_value(value) == words


def test_problem_reads_as_one_line() -> None:
    assert str(Problem(pointer="/a", detail="is wrong")) == "/a: is wrong"
    assert str(Problem(pointer="", detail="is wrong")) == "is wrong"
