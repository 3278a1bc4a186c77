"""When a client is given up."""

import pytest

from api.client_pace import GIVE_UP_SECONDS, LOOK_SECONDS, MIN_BYTES, ClientPace, Waiting

GIVEN_UP = round(GIVE_UP_SECONDS / LOOK_SECONDS)
# What docs/faults.md promises.
CLOSED_SECONDS = 15


def given_up_at(looks: list[tuple[Waiting | None, float]]) -> int | None:
    """The first of looks at which it is too slow."""
    pace = ClientPace()
    return next((number for number, (waiting, done) in enumerate(looks) if pace.is_too_slow(waiting, int(done))), None)


@pytest.mark.parametrize("waiting", ["head", "body", "reading"])
def test_client_that_does_nothing_is_given_up(waiting: Waiting) -> None:
    assert given_up_at([(waiting, 0)] * 9) == GIVEN_UP
    # Between its last byte and the first look nearly a whole interval may pass.
    assert (GIVEN_UP + 1) * LOOK_SECONDS < CLOSED_SECONDS


def test_server_that_is_to_act_waits_for_nobody() -> None:
    assert given_up_at([(None, 0)] * 99) is None


@pytest.mark.parametrize(("rate", "expected"), [(0.9, GIVEN_UP), (1.1, None)])
def test_body_has_a_least_rate(rate: float, expected: int | None) -> None:
    assert given_up_at([("body", rate * MIN_BYTES * number) for number in range(99)]) == expected


def test_body_in_bursts_goes_on() -> None:
    assert given_up_at([("body", number // 3 * 3 * MIN_BYTES) for number in range(99)]) is None


def test_reader_counts_by_what_is_unread() -> None:
    assert given_up_at([("reading", -1_000_000 + MIN_BYTES * number) for number in range(99)]) is None
    assert given_up_at([("reading", -1_000_000)] * 9) == GIVEN_UP


def test_dripped_head_is_given_up() -> None:
    """However many bytes of it come: heads count."""
    assert given_up_at([("head", 7)] * 9) == GIVEN_UP


def test_each_request_begins_again() -> None:
    assert given_up_at([("head", number // 3) for number in range(99)]) is None
    assert given_up_at([(("head", "body")[number // 3 % 2], 0) for number in range(99)]) is None
