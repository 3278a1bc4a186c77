"""What is private on the page: chosen before it is created, shown with a lock, and changed on its page."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from models_store.classes.store import STUDENT_SCOPES
from models_store.experiments.pages import Query
from specs.access import KeyScope, KeySpec
from specs.classroom import parse_class
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import Auth, OpenPage, Watch, shot
from tests.page.private_things import add_dataset, add_sweep
from tests.page.test_classroom import enter
from tests.page.test_data import choose_archive
from tests.support.noise import noisy_digits
from tests.support.site import Site

pytestmark = needs_page

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ANN = "ann@biology-7b"


@pytest.fixture
def auth() -> Auth:
    return "keys"


@pytest.fixture
def keys(site: Site) -> dict[str, str]:
    """Of the students Ann, who may also upload, and Bob."""
    tina, _ = site.store.keys.create(KeySpec(scopes=(*STUDENT_SCOPES, KeyScope.TEACH)), "tina")
    _, made = site.store.classes.create(parse_class({"name": "biology-7b", "students": ["Ann", "Bob"]}), tina)
    _, uploads = site.store.keys.create(KeySpec(scopes=(*STUDENT_SCOPES, KeyScope.DATA)), ANN)
    return {**{student.handle: token for student, _, token in made}, "ann": uploads}


def check(page: Page, name: str) -> None:
    """What is shown now is accessible in both themes."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert axe_findings(page) == [], (name, scheme)
        shot(page, f"private-{name}-{scheme}")


def chip(page: Page, word: str) -> Locator:
    """In the heading of a page."""
    return page.get_by_role("banner").or_(page.locator("main > header")).get_by_role("button", name=word, exact=True)


def turn(page: Page, now: str, action: str) -> None:
    chip(page, now).click()
    page.get_by_role("dialog").get_by_role("button", name=action).click()


def test_private_run_is_made_public(site: Site, keys: dict[str, str], open_page: OpenPage, watch: Watch) -> None:
    page = enter(open_page, keys["ann"], "#/new?preset=digits-cnn")
    box = page.get_by_role("checkbox", name="Private")
    expect(box).to_be_enabled()
    expect(box).not_to_be_checked()
    box.check()
    page.get_by_text("The same in a terminal").click()
    expect(page.locator("main pre", has_text="curl")).to_contain_text("/experiments?private=true")
    expect(page.locator("main pre", has_text="trainyard submit")).to_contain_text("--private")
    check(page, "new")
    page.reload()
    expect(box).to_be_checked()
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"#/run/[0-9A-Z]{26}$"))
    [run] = site.store.experiments.page(Query()).items
    assert run.private

    other = enter(open_page, keys["bob"], "#/runs")
    expect(other.get_by_text("No runs yet")).to_be_visible()
    chip(page, "private").click()
    expect(page.get_by_role("dialog")).to_contain_text("Only you, your teacher and admins see it.")
    check(page, "run")
    page.get_by_role("dialog").get_by_role("button", name="Make public").press("Enter")
    expect(chip(page, "public")).to_be_visible()
    expect(other.get_by_role("link", name="digits-cnn")).to_be_visible()
    expect(other.get_by_role("img", name="private")).to_have_count(0)
    other.goto(f"/#/run/{run.id}")
    expect(other.get_by_role("heading", name="digits-cnn")).to_be_visible()
    expect(chip(other, "public")).to_have_count(0)
    turn(page, "public", "Make private")
    expect(other.get_by_role("heading", name="No such run")).to_be_visible()
    other.close()  # its requests may still be on their way
    watch.forgive("404")
    page.goto("/#/runs")
    expect(page.get_by_role("gridcell").get_by_role("img", name="private")).to_be_visible()
    check(page, "runs")


def test_trial_is_as_private_as_its_sweep(site: Site, keys: dict[str, str], open_page: OpenPage) -> None:
    sweep, trial = add_sweep(site.store, ANN)
    page, other = enter(open_page, keys["ann"], f"#/run/{trial}"), enter(open_page, keys["bob"], "#/sweeps")
    chip(page, "private").click()
    expect(page.get_by_role("dialog")).to_contain_text("A trial is as private as its sweep, rates.")
    expect(page.get_by_role("button", name="Make public")).to_have_count(0)
    page.get_by_role("dialog").get_by_role("link", name="To the sweep").click()
    page.wait_for_url(f"**/#/sweeps/{sweep}")
    turn(page, "private", "Make public")
    expect(chip(page, "public")).to_be_visible()
    expect(other.get_by_role("link", name="rates")).to_be_visible()
    turn(page, "public", "Make private")
    expect(other.get_by_text("No sweeps yet")).to_be_visible()


def test_private_dataset_is_uploaded_and_shown(site: Site, keys: dict[str, str], open_page: OpenPage) -> None:
    page, other = enter(open_page, keys["ann"], "#/runs"), enter(open_page, keys["bob"], "#/data")
    page.get_by_role("button", name="Preferences").click()
    expect(page.get_by_role("radio", name="As the service says")).to_be_checked()
    check(page, "preferences")
    page.get_by_role("radio", name="Private").check()
    page.keyboard.press("Escape")
    page.goto("/#/data")
    choose_archive(page, "noise.zip", noisy_digits(("2", "5"), train=4, test=2))
    expect(page.get_by_role("checkbox", name="Private")).to_be_checked()
    check(page, "upload")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(chip(page, "private")).to_be_visible()
    assert site.store.datasets.get("noise").private
    add_dataset(site.store, ANN, "leaves", noisy_digits(("2", "5"), train=4, test=2))
    page.goto("/#/new?preset=folder-cnn-shallow&dataset=leaves")
    expect(page.get_by_role("checkbox", name="Private, as leaves is")).to_be_disabled()
    page.goto("/#/data")
    expect(page.get_by_role("link", name="leaves").get_by_role("img", name="private")).to_be_visible()
    expect(other.get_by_role("link", name="digits")).to_be_visible()
    expect(other.get_by_role("link", name="leaves")).to_have_count(0)
    page.goto("/#/data/leaves")
    turn(page, "private", "Make public")
    expect(other.get_by_role("link", name="leaves")).to_be_visible()
