import pytest

from tests.trainyard.canned_api import Answer, CannedApi, a_record
from trainyard.cli.identifiers import full_id
from trainyard.client import Client
from trainyard.errors import ApiError

FIRST, SECOND = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "01K6W3E8Z4T5V6X7Y8Z9A0ZZZZ"


@pytest.fixture
def client(api: CannedApi) -> Client:
    api.on("GET", "/experiments", Answer({"items": [a_record(FIRST), a_record(SECOND)], "next_cursor": None}))
    return Client(api.url)


@pytest.mark.parametrize(("text", "expected"), [("b1c2", FIRST), ("0ZZZZ", SECOND), (FIRST, FIRST), ("C2", "C2")])
def test_an_end_of_four_characters_will_do(client: Client, text: str, expected: str) -> None:
    with client:
        assert full_id(client, text) == expected


@pytest.mark.parametrize(("text", "status"), [("01K6W3", 409), ("NONE", 404)])
def test_what_names_several_or_none_is_rejected(client: Client, text: str, status: int) -> None:
    with client, pytest.raises(ApiError) as rejection:
        full_id(client, text)
    assert rejection.value.status == status
