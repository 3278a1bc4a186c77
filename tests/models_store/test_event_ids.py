from collections.abc import Iterator

import pytest

from models_store.errors import InvalidPosition
from models_store.event_feed import Position
from models_store.event_ids import EventIds
from models_store.visibility import Viewer, show_to

POSITION = Position(1764398000000, 3)
IDS = EventIds(lambda: b"secret of this store")


@pytest.fixture
def bob() -> Iterator[None]:
    show_to(Viewer("bob", lambda _: False))
    yield
    show_to(None)


def test_who_sees_everything_gets_the_position() -> None:
    assert IDS.write(POSITION) == "1764398000000-3"
    assert IDS.read("1764398000000-3") == POSITION


@pytest.mark.usefixtures("bob")
def test_others_get_another_text_each_time() -> None:
    """Of one position and of later ones alike: two that are equal would say that nothing happened between them."""
    same, later = ([IDS.write(each) for _ in range(50)] for each in (POSITION, Position(1764398000001, 0)))
    assert len({*same, *later}) == 100
    assert {len(each) for each in (*same, *later)} == {59}
    assert sorted((*same, *later)) != [*same, *later]
    assert {IDS.read(each) for each in same} == {POSITION}
    assert IDS.read(IDS.write(Position(0, 0))) == Position(0, 0)


@pytest.mark.usefixtures("bob")
def test_what_was_not_received_is_no_id() -> None:
    """A position that was made up would tell whether there are events behind it."""
    sent = IDS.write(POSITION)
    changed = [sent[:at] + ("A" if sent[at] != "A" else "B") + sent[at + 1 :] for at in range(len(sent) - 1)]
    elsewhere = EventIds(lambda: b"secret of another store").write(POSITION)
    for each in ("", "x", "1764398000000-3", "é" * 59, sent[:-4], f"{sent}AAAA", "=" * 59, elsewhere, *changed):
        with pytest.raises(InvalidPosition, match="expected the `id` of an event as it was received"):
            IDS.read(each)
