from collections.abc import Iterator

import pytest

from models_store.errors import InvalidPosition
from models_store.event_feed import LOST, Position
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
def test_what_was_not_received_is_lost() -> None:
    """A position that was made up would tell whether there are events behind it; one from before an update, or of a
    store that was replaced, begins again."""
    sent = IDS.write(POSITION)
    changed = [sent[:at] + ("A" if sent[at] != "A" else "B") + sent[at + 1 :] for at in range(len(sent) - 1)]
    elsewhere = EventIds(lambda: b"secret of another store").write(POSITION)
    for each in ("1764398000000-3", elsewhere, *changed):
        assert IDS.read(each) == LOST


def test_id_of_others_is_lost_for_an_admin() -> None:
    """Who has signed in with another key on the same page."""
    show_to(Viewer("bob", lambda _: False))
    sent = IDS.write(POSITION)
    show_to(None)
    assert IDS.read(sent) == LOST


@pytest.mark.parametrize("text", ["", "x", "é" * 59, "A" * 58, "A" * 63, "=" * 59, "!" * 59, "1-"])
def test_what_is_no_id_is_rejected(text: str) -> None:
    for viewer in (None, Viewer("bob", lambda _: False)):
        show_to(viewer)
        with pytest.raises(InvalidPosition, match="expected the `id` of an event as it was received"):
            IDS.read(text)
    show_to(None)
