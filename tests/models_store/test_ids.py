import pytest
from ulid import ULID

from models_store.ids import describe_id_mistake, is_experiment_id

ID = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


@pytest.mark.parametrize("text", [ID.lower(), f" {ID}", f"{ID.capitalize()}\n"])
def test_other_spelling_of_an_id_is_named(text: str) -> None:
    assert describe_id_mistake(text) == f"ids are written in upper case, without spaces: {ID}"


@pytest.mark.parametrize("text", ["", "latest", ID[1:], ID.replace("0", "U")])
def test_what_is_no_id_gets_an_example(text: str) -> None:
    assert describe_id_mistake(text) == "an id has 26 characters, such as 01J..."


@pytest.mark.parametrize(
    "text", [ID, "0" * 26, "7" + "Z" * 25, "8" + "0" * 25, ID + "\n", ID[:-1] + "I", ID[:-1] + "\u0661"]
)
def test_ids_are_ulids_as_their_library_has_them(text: str) -> None:
    try:
        is_ulid = str(ULID.from_str(text)) == text
    except ValueError:
        is_ulid = False
    assert is_experiment_id(text) is is_ulid
