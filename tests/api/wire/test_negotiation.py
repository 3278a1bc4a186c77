import pytest

from api.wire.negotiation import negotiate

OFFERED = ["application/json", "text/csv"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/csv;q=0.9", "text/csv"),
        ("TEXT/CSV; Q=0.9", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0.4, application/json", "application/json"),
        ("application/json, text/csv", "application/json"),
        ("text/csv;q=0", "application/json"),
        ("text/csv;q=0, */*", "application/json"),
        ("application/json;q=0, */*;q=0.1", "text/csv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;charset=utf-8;header=present", "text/csv"),
        ("image/png", "application/json"),
        ("text/csv;q=much", "text/csv"),
        (",;,q=1", "application/json"),
    ],
)
def test_format_of_the_highest_quality_is_chosen(accept: str, chosen: str) -> None:
    assert negotiate(accept, OFFERED) == (chosen, {"Vary": "Accept"})
