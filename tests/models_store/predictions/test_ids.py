import secrets

import pytest
from ulid import ULID

from models_store.predictions.ids import MAX_OFFSET, SEGMENT_NUMBERS, Place, format_id, parse_id


def test_id_is_ulid_with_place_of_prediction() -> None:
    for place in (
        Place(0, 0, 0),
        Place(1_795_381_304_500, secrets.randbelow(SEGMENT_NUMBERS), 7_000_000),
        Place((1 << 48) - 1, SEGMENT_NUMBERS - 1, MAX_OFFSET),
    ):
        text = format_id(place.number)
        assert parse_id(text) == place
        assert ULID.from_str(text).milliseconds == place.milliseconds
        assert str(ULID.from_bytes(place.number.to_bytes(16))) == text


@pytest.mark.parametrize("text", ["", "nonsense", "../../etc/passwd", "0" * 25, "I" * 26, "8" + "0" * 25, "é" * 26])
def test_invalid_id_has_no_place(text: str) -> None:
    assert parse_id(text) is None


def test_other_spelling_of_id_is_invalid() -> None:
    text = format_id(Place(1_795_381_304_500, 11, 12).number)
    assert parse_id(text.lower()) is None
