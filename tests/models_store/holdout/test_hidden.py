"""Which datasets' test results are hidden, on disk."""

from datetime import timedelta
from pathlib import Path

import pytest

from models_store.errors import Damaged, InvalidState
from models_store.frozen import utc_now
from models_store.holdout.hidden import HIDDEN_FILE, HiddenTests, Hiding, Mark
from tests.models_store.children import killed_at_each_step


@pytest.fixture
def hidden(tmp_path: Path) -> HiddenTests:
    return HiddenTests(tmp_path)


def test_hidden_dataset_is_hidden_until_revealed(hidden: HiddenTests, tmp_path: Path) -> None:
    other_process = HiddenTests(tmp_path)
    assert not other_process.is_hidden("digits")

    assert hidden.hide("digits")
    assert other_process.is_hidden("digits")
    assert not other_process.is_hidden("mnist")
    assert not other_process.hide("digits")

    other_process.reveal("digits")
    assert not hidden.is_hidden("digits")
    assert not hidden.is_any_hidden()


class SlowLook(HiddenTests):
    """Its first look at the file ends only after the process has changed it."""

    has_looked = False

    @property
    def mark(self) -> Mark:
        before = super().mark
        if not self.has_looked:
            self.has_looked = True
            self.hide("digits")
        return before


def test_look_before_a_change_is_not_used_after_it(tmp_path: Path) -> None:
    hidden = SlowLook(tmp_path)
    hidden.is_hidden("digits", max_age=60)
    assert hidden.is_hidden("digits", max_age=60)


def test_reveals_are_recorded(hidden: HiddenTests, tmp_path: Path) -> None:
    for _ in range(2):
        hidden.hide("digits")
        hidden.reveal("digits")

    first, second = HiddenTests(tmp_path).get("digits").reveals
    assert first < second


def test_reveal_of_what_is_not_hidden_is_rejected(hidden: HiddenTests) -> None:
    with pytest.raises(InvalidState, match="are not hidden; PATCH"):
        hidden.reveal("digits")


def test_mark_changes_with_each_change(hidden: HiddenTests) -> None:
    marks = [hidden.mark]
    for change in (hidden.hide, hidden.reveal, hidden.hide, hidden.forget):
        change("digits")
        marks.append(hidden.mark)

    assert len(set(marks)) == 5


def test_damaged_file_hides_everything(hidden: HiddenTests, tmp_path: Path) -> None:
    (tmp_path / HIDDEN_FILE).write_text("{")

    assert hidden.is_hidden("digits")
    assert hidden.get("digits").since is not None
    with pytest.raises(Damaged, match="restore it from a backup, or delete it"):
        hidden.reveal("digits")
    assert (tmp_path / HIDDEN_FILE).read_text() == "{"


def test_forgotten_dataset_has_no_past(hidden: HiddenTests) -> None:
    hidden.hide("digits")
    hidden.hide("own")
    hidden.forget("own")

    assert hidden.get("own") == Hiding()
    assert hidden.is_hidden("digits")


def test_killed_change_is_whole_or_not_at_all(tmp_path: Path) -> None:
    hidden = HiddenTests(tmp_path)
    hidden.hide("mnist")

    for _ in killed_at_each_step(lambda: hidden.hide("digits")):
        assert HiddenTests(tmp_path).is_hidden("mnist")

    assert HiddenTests(tmp_path).is_hidden("digits")


def test_sealed_dataset_is_revealed_after_its_time(hidden: HiddenTests) -> None:
    later, past = utc_now() + timedelta(hours=1), utc_now() - timedelta(seconds=1)
    hidden.seal("digits", later)

    assert hidden.is_hidden("digits")
    assert hidden.is_sealed("digits")
    with pytest.raises(InvalidState, match="sealed until"):
        hidden.reveal("digits")
    hidden.seal("digits", past)
    assert hidden.is_sealed("digits")

    hidden.reveal("digits")

    assert not hidden.is_sealed("digits")
    assert not hidden.is_hidden("digits")


def test_seal_keeps_when_it_was_hidden(hidden: HiddenTests) -> None:
    hidden.hide("digits")
    since = hidden.get("digits").since
    assert not hidden.is_sealed("digits")

    hidden.seal("digits", utc_now())

    assert hidden.get("digits").since == since


def test_damaged_file_seals_everything(hidden: HiddenTests, tmp_path: Path) -> None:
    (tmp_path / HIDDEN_FILE).write_text("{")

    assert hidden.is_sealed("digits")


def test_moved_seal_does_not_seal_again(hidden: HiddenTests) -> None:
    later, past = utc_now() + timedelta(hours=1), utc_now() - timedelta(seconds=1)
    hidden.move_seal("digits", later)
    assert not hidden.is_hidden("digits")
    hidden.seal("digits", later)
    assert not hidden.may_reveal("digits", utc_now())

    hidden.move_seal("digits", past)

    assert hidden.is_sealed("digits")
    assert hidden.may_reveal("digits", utc_now())


def test_damaged_file_may_not_be_revealed(hidden: HiddenTests, tmp_path: Path) -> None:
    (tmp_path / HIDDEN_FILE).write_text("{")

    assert not hidden.may_reveal("digits", utc_now())


def test_late_look_follows_changes_of_this_process(hidden: HiddenTests, tmp_path: Path) -> None:
    assert not hidden.is_hidden("digits", max_age=1e9)
    HiddenTests(tmp_path).hide("digits")
    assert not hidden.is_hidden("digits", max_age=1e9)

    hidden.hide("mnist")
    assert hidden.is_hidden("mnist", max_age=1e9)
    assert hidden.is_hidden("digits", max_age=1e9)
