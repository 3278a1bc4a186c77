"""The screenshots show every view and tab at every size, in both themes and both languages."""

import re
from collections import defaultdict

import pytest

from specs import limits
from specs.experiment import parse_spec
from tests.page.built import names_of_tabs, names_of_views
from tests.page.shots import documents
from tests.page.shots.views import SHOTS, Look, looks_at

pytestmark = pytest.mark.unit


def seen() -> dict[str, set[Look]]:
    """How each view, and each tab of a run, is seen: `run` and `run/network`."""
    looks: dict[str, set[Look]] = defaultdict(set)
    for index, shot in enumerate(SHOTS):
        looks[shot.view].update(looks_at(index))
        looks["/".join(re.split(r"/\{[^}]*\}/|\?|/", shot.address)[:2])].update(looks_at(index))
    return looks


def test_every_view_is_seen_in_every_way() -> None:
    for name in names_of_views():
        looks = seen()[name]
        assert {look.width for look in looks} == {1440, 1024, 390}, name
        assert {look.dark for look in looks} == {False, True}, name
        assert {look.language for look in looks} == {"en", "ko"}, name


def test_every_tab_of_a_run_is_seen() -> None:
    assert {f"run/{tab}" for tab in names_of_tabs()} <= set(seen())


def test_screenshots_have_different_names() -> None:
    assert len({shot.name for shot in SHOTS}) == len(SHOTS)


@pytest.mark.parametrize("name", [documents.LONG, documents.UNBREAKABLE, documents.KOREAN])
def test_long_names_are_valid(name: str) -> None:
    labels = {"tags": documents.MANY_TAGS, "notes": documents.NOTES}
    assert parse_spec(documents.on_digits(name, labels=labels)).name == name
    assert len(name) <= limits.NAME_CHARACTERS
