"""Turns of owners."""

from hypothesis import given
from hypothesis import strategies as st

from models_store.experiments.fair_order import Waiting, fair_order
from models_store.experiments.index_entries import _CLASS, rank_of

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


def test_priority_counts_for_more_than_turns() -> None:
    assert ids(queue((1, "bob"), (0, "ann"), (0, "ann"))) == "120"


@given(PLACES, STARTS)
def test_order_keeps_ranks_and_each_owners_order(places: list[tuple[int, str]], starts: dict[str, int]) -> None:
    waiting = queue(*places)
    ordered = list(fair_order(waiting, starts))
    assert sorted(ordered) == sorted(waiting)
    assert [rank_of(each.turn) for each in ordered] == [rank_of(each.turn) for each in waiting]
    for rank in range(3):
        for owner in ("", "ann", "bob", "cem"):
            own = [each for each in waiting if (rank_of(each.turn), each.owner) == (rank, owner)]
            assert [each for each in ordered if each in own] == own
    if len({each.owner for each in waiting}) < 2:
        assert ordered == waiting
