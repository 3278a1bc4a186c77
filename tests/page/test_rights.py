"""What the page says in place of actions that the key of the tab does not allow."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models_store.experiments.pages import Query
from models_store.models.pins import Pin
from specs.access import KeyScope, KeySpec
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import Auth, OpenPage, shot
from tests.page.strokes import SEVEN, draw
from tests.page.trained import digits_network
from tests.support.classroom import trained
from tests.support.published import publish, results_on
from tests.support.site import Site

pytestmark = [pytest.mark.processes, needs_page]

Spec = Callable[..., ExperimentSpec]
# Where a right is not needed by what is tested.
LOOKS = (KeyScope.READ, KeyScope.PREDICT)


@pytest.fixture
def auth() -> Auth:
    return "keys"


def open_with(site: Site, open_page: OpenPage, hash_: str, *scopes: KeyScope, owner: str = "ann", **look: Any) -> Page:
    """Open a view with a key of somebody's."""
    key = site.store.keys.create(KeySpec(scopes=scopes, name="first"), owner)[1]
    page = open_page(f"#key={key}", **look)
    page.get_by_role("navigation").first.wait_for()
    page.goto(f"/{hash_}")
    return page


def says_that_it_needs(page: Page, scope: str) -> None:
    said = page.get_by_text(re.compile(rf"^The key of this tab does not have the scope {scope} "))
    expect(said).to_be_visible()
    expect(said.get_by_role("link", name="What your key allows")).to_have_attribute("href", "#/access")


@pytest.mark.parametrize("width", [1440, 390])
def test_reader_writes_a_spec_but_starts_nothing(site: Site, open_page: OpenPage, width: int) -> None:
    page = open_with(site, open_page, "#/new?preset=digits-cnn", KeyScope.READ, width=width)
    says_that_it_needs(page, "run")
    start = page.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_disabled()
    expect(start).to_have_accessible_description(re.compile("scope run"))
    expect(page.get_by_text(re.compile("^Valid"))).to_be_visible()
    page.get_by_role("textbox", name="Spec").press("Control+Enter")
    assert axe_findings(page) == []
    shot(page, f"rights-new-{width}")
    assert site.store.experiments.page(Query()).items == []


def test_reader_reads_a_suggested_change(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(epochs=6), epochs=6)
    page = open_with(site, open_page, f"#/run/{record.id}", KeyScope.READ)
    page.get_by_role("button", name=re.compile("^Do it: Train for 12 epochs")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("^Valid: 650 parameters"))).to_be_visible()
    says_that_it_needs(page, "run")
    expect(dialog.get_by_role("button", name="Queue the run")).to_be_disabled()


def test_reader_changes_no_tags_and_stars(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("one"))
    page = open_with(site, open_page, "#/runs", KeyScope.READ)
    page.get_by_label("Select one").check()
    says_that_it_needs(page, "run")
    tags = page.get_by_role("region", name="selected").get_by_role("button", name="Tags")
    expect(tags).to_be_disabled()
    expect(tags).to_have_accessible_description(re.compile("scope run"))
    expect(page.get_by_role("button", name="Star one")).to_be_disabled()
    assert axe_findings(page) == []


def test_tags_of_others_are_left(site: Site, open_page: OpenPage) -> None:
    mine = trained(site.store, "ann", name="mine")
    others = trained(site.store, "bob", name="others")
    page = open_with(site, open_page, f"#/runs?select={mine.id},{others.id}", KeyScope.READ, KeyScope.RUN)
    expect(page.get_by_text("1 of the selected runs belongs to somebody else and keeps its tags.")).to_be_visible()
    expect(page.get_by_role("button", name="Star others")).to_be_disabled()
    expect(page.get_by_role("button", name="Star mine")).to_be_enabled()
    page.get_by_role("region", name="selected").get_by_role("button", name="Tags").click()
    dialog = page.get_by_role("dialog", name="Tags of 1 run")
    dialog.get_by_label("Tags, separated by commas").fill("new")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Tags saved")).to_be_visible()
    assert site.store.experiments.get(mine.id).tags == ("new",)
    assert site.store.experiments.get(others.id).tags == ()


def test_pin_of_somebody_else_is_left(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    pinned, other = (publish(site.store, tiny_spec(name)) for name in ("pinned", "other"))
    site.store.experiments.pins.put(Pin(dataset="digits", experiment_id=pinned.id, owner="ann"))
    scopes = (KeyScope.READ, KeyScope.SERVE)
    page = open_with(site, open_page, "#/serving", *scopes, owner="bob")
    expect(page.get_by_text("Pinned since")).to_be_visible()
    expect(page.get_by_role("link", name=other.name)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Pin |^Back to the best"))).to_have_count(0)
    page = open_with(site, open_page, "#/serving", *scopes)
    expect(page.get_by_role("button", name="Pin other")).to_be_enabled()
    expect(page.get_by_role("button", name="Back to the best")).to_be_enabled()


def test_errors_are_looked_at_without_labels(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_with(site, open_page, f"#/run/{record.id}/mistakes", *LOOKS)
    says_that_it_needs(page, "teach")
    expect(page.get_by_role("button", name=re.compile("^label as"))).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Why not"))).to_be_enabled()
    page.keyboard.press("7")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"at=\d+"))
    expect(page.get_by_role("alert")).to_have_count(0)
    assert axe_findings(page) == []
    shot(page, "rights-errors")


def test_why_needs_a_key_that_predicts(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_with(site, open_page, f"#/run/{record.id}/mistakes", KeyScope.READ, KeyScope.TEACH)
    says_that_it_needs(page, "predict")
    expect(page.get_by_role("button", name=re.compile("^Why not"))).to_be_disabled()
    expect(page.get_by_role("button", name="label as 7")).to_be_enabled()


def test_suspect_is_looked_at_without_labels(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))
    page = open_with(site, open_page, "#/data/digits", *LOOKS)
    page.get_by_role("region", name="Possibly mislabeled").get_by_role("button").first.click()
    says_that_it_needs(page, "teach")
    expect(page.get_by_role("dialog").get_by_role("button", name=re.compile("^It is | is right$"))).to_have_count(0)
    assert axe_findings(page) == []


def test_drawing_is_answered_but_not_corrected(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec(), network=digits_network(), confident_from=0.5)
    page = open_with(site, open_page, "#/draw", *LOOKS)
    draw(page, SEVEN)
    expect(page.locator("article .large")).to_have_text("7")
    says_that_it_needs(page, "teach")
    expect(page.get_by_role("button", name=re.compile("^It is "))).to_have_count(0)
    expect(page.get_by_role("button", name="Why 7?")).to_be_enabled()
    assert axe_findings(page) == []


def test_who_may_correct_reads_no_reason(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_with(site, open_page, f"#/run/{record.id}/mistakes", *LOOKS, KeyScope.TEACH)
    expect(page.get_by_role("button", name="label as 7")).to_be_enabled()
    expect(page.get_by_text(re.compile("does not have the scope"))).to_have_count(0)
