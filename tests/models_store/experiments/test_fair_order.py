"""Turns of owners."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models_store.experiments.fair_order import Waiting, fair_order
from models_store.experiments.index_entries import _CLASS

PLACES = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["", "ann", "bob", "cem"])), max_size=20)
STARTS = st.dictionaries(st.sampled_from(["", "ann", "bob", "cem"]), st.integers(1, 9))


def queue(*places: tuple[int, str]) -> list[Waiting]:
    """In order: rank and owner of each."""
    found = [Waiting(str(number), rank * _CLASS + number, owner) for number, (rank, owner) in enumerate(places)]
    return sorted(found, key=lambda each: each.turn)


def ids(waiting: list[Waiting], **last_starts: int) -> str:
    return "".join(each.id for each in fair_order(waiting, last_starts))


def test_nobody_waits_for_a_hundred() -> None:
    waiting = queue((0, "ann"), (0, "ann"), (0, "ann"), (0, "bob"), (0, "cem"), (0, "bob"))
    assert ids(waiting) == "034152"


def test_turn_is_over_with_a_start() -> None:
    waiting = queue((0, "ann"), (0, "ann"), (0, "bob"), (0, "bob"))
    assert ids(waiting, ann=1) == "2031"
    assert ids(waiting, ann=1, bob=2) == "0213"


def test_priority_does_not_pass_other_owners() -> None:
    waiting = queue((2, "bob"), (2, "bob"), (0, "ann"), (0, "ann"))
    assert ids(waiting) == "0213"
    assert ids(waiting, ann=1) == "0213"
    assert ids(waiting, bob=1) == "2031"


def test_time_decides_who_asked_first() -> None:
    waiting = [Waiting("z", 1.0, "ann"), Waiting("y", 2.0, "ann"), Waiting("a", 3.0, "bob")]
    ordered = fair_order(waiting, {}, lambda each: (each.turn, each.id))
    assert "".join(each.id for each in ordered) == "zay"


@given(PLACES, STARTS)
def test_order_keeps_turns_and_each_owners_order(places: list[tuple[int, str]], starts: dict[str, int]) -> None:
    waiting = queue(*places)
    ordered = list(fair_order(waiting, starts))
    assert sorted(ordered) == sorted(waiting)
    for owner in ("", "ann", "bob", "cem"):
        own = [each for each in waiting if each.owner == owner]
        assert [each for each in ordered if each.owner == owner] == own
        own_places = [place for place, each in enumerate(ordered) if each.owner == owner]
        for first, second in pairwise(own_places):
            between = [each.owner for each in ordered[first + 1 : second]]
            assert sorted({each.owner for each in ordered[first + 1 :]} - {owner}) == sorted(between)
    if len({each.owner for each in waiting}) < 2:
        assert ordered == waiting
