import re
import string

import pytest

from models_store.access.token import id_of, is_key_id, new_token

ALPHANUMERIC = string.ascii_letters + string.digits


def test_token_has_its_id() -> None:
    token = new_token()

    assert re.fullmatch(r"ty_[0-9A-Za-z]{10}_[0-9A-Za-z]{49}", token)
    key_id = id_of(token)
    assert key_id == token[3:13]
    assert is_key_id(key_id)


def test_tokens_differ() -> None:
    assert len({new_token() for _ in range(1_000)}) == 1_000


def test_every_typo_is_found() -> None:
    token = new_token()
    for place, character in enumerate(token):
        for other in ALPHANUMERIC.replace(character, "") if character != "_" else "-":
            assert id_of(token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, str.swapcase, lambda token: token[:-1], lambda token: token + "0", lambda _: ""]
)
def test_changed_token_is_none(change) -> None:  # type: ignore[no-untyped-def]
    assert id_of(change("ty_0aB3456789_" + new_token()[14:])) is None


@pytest.mark.parametrize(
    "text", ["", "../../etc/pa", "0123456789a", "012345678", "01234.6789", "0123456789\n", "\u0660" * 10]
)
def test_names_that_are_no_ids(text: str) -> None:
    assert not is_key_id(text)
