import pytest

from api.wire.render_cache import Rendered, key_of
from tests.analysis.plots.runs import run_for


def test_a_image_is_found_again() -> None:
    rendered = Rendered()
    assert rendered.get("a") is None
    rendered.put("a", b"image")
    assert rendered.get("a") == b"image"


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    rendered = Rendered(max_bytes=10)
    for key in "abc":
        rendered.put(key, b"1234"[:3])
    rendered.get("a")
    rendered.put("d", b"123")
    assert [key for key in "abcd" if rendered.get(key)] == ["a", "c", "d"]
    rendered.put("a", b"1234567890")
    assert [key for key in "abcd" if rendered.get(key)] == ["a"]


def test_a_image_that_is_larger_than_all_room_is_not_kept() -> None:
    rendered = Rendered(max_bytes=3)
    rendered.put("a", b"1234")
    assert rendered.get("a") is None
    rendered.put("b", b"123")
    assert rendered.get("b") == b"123"


@pytest.mark.parametrize("changed", [{"skip": 1}, {"name": "other"}, {"epochs": 4}])
def test_a_key_is_of_all_that_is_drawn(changed: dict[str, object]) -> None:
    assert key_of("history.png", run_for(3)) == key_of("history.png", run_for(3))
    assert key_of("history.png", run_for(3)) != key_of("history.svg", run_for(3))
    assert key_of("history.png", run_for(**{"epochs": 3, **changed})) != key_of("history.png", run_for(3))  # type: ignore[arg-type]
