import pytest

from tests.trainyard import samples
from tests.trainyard.canned_api import Answer, CannedApi
from trainyard import Client
from trainyard.cli.identifiers import resolve_id
from trainyard.errors import ApiError, Conflict, NotFound, UsageError

FIRST, SECOND = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2", "01K6W3E8Z4T5V6X7Y8Z9A0ZZZZ"


@pytest.fixture
def canned_client(api: CannedApi) -> Client:
    api.on("GET", "/experiments", Answer(samples.items(samples.experiment(FIRST), samples.experiment(SECOND))))
    return Client(api.url)


@pytest.mark.parametrize(("text", "expected"), [("b1c2", FIRST), ("0ZZZZ", SECOND), (FIRST, FIRST)])
def test_id_is_found_by_four_characters(canned_client: Client, text: str, expected: str) -> None:
    with canned_client:
        assert resolve_id(canned_client, text) == expected


@pytest.mark.parametrize(("text", "error"), [("01K6W3", Conflict), ("NONE", NotFound)])
def test_ambiguous_or_unknown_id_is_rejected(canned_client: Client, text: str, error: type[ApiError]) -> None:
    with canned_client, pytest.raises(error):
        resolve_id(canned_client, text)


@pytest.mark.parametrize("text", ["", "C2", ".."])
def test_short_id_is_rejected(canned_client: Client, text: str) -> None:
    with canned_client, pytest.raises(UsageError, match=f"expected an id, or at least 4 characters .* '{text}'"):
        resolve_id(canned_client, text)
