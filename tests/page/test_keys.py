"""Access on the page: the keys of an owner, what is used of limits, and what an admin sets."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models_store.jobs.workers import Worker
from specs.access import KeyScope, KeySpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import Auth, OpenPage, Watch, shot
from tests.support.classroom import trained
from tests.support.site import Site

pytestmark = [pytest.mark.processes, needs_page]


REJECTED = "401 (Unauthorized)"


@pytest.fixture
def auth() -> Auth:
    return "keys"


def open_access(site: Site, open_page: OpenPage, owner: str, *scopes: KeyScope, **look: Any) -> Page:
    key = site.store.keys.create(KeySpec(scopes=scopes, name="first"), owner)[1]
    page = open_page(f"#key={key}", **look)
    page.get_by_role("navigation").first.wait_for()
    page.goto("/#/access")
    return page


def test_key_is_created_shown_once_and_revoked(site: Site, open_page: OpenPage) -> None:
    page = open_access(site, open_page, "ann", KeyScope.READ, KeyScope.RUN)
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New key")
    expect(dialog.get_by_role("checkbox", name=re.compile("^admin"))).to_have_count(0)
    dialog.get_by_label("Name").fill("laptop")
    dialog.get_by_role("checkbox", name=re.compile("^run")).uncheck()
    dialog.get_by_label("Valid for days").fill("30")
    expect(dialog.get_by_text('{"name":"laptop","scopes":["read"],"expires_in_days":30}')).to_be_visible()
    assert axe_findings(page) == []
    dialog.get_by_role("button", name="Create the key").click()
    expect(dialog.get_by_text("never shown again")).to_be_visible()
    text = dialog.locator("code").inner_text()
    dialog.get_by_role("button", name="Done").click()

    keys = page.get_by_role("region", name="Keys")
    row = keys.get_by_role("listitem").filter(has_text="laptop")
    expect(row).to_contain_text("read")
    expect(page.get_by_text(text)).to_have_count(0)
    assert page.request.get("/keys/me", headers={"authorization": f"Bearer {text}"}).ok
    row.get_by_role("button", name=re.compile("^Revoke laptop")).click()
    page.get_by_role("dialog", name="Revoke laptop?").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("The key was revoked")).to_be_visible()
    expect(keys.get_by_text("1 key that has ended")).to_be_visible()
    assert page.request.get("/keys/me", headers={"authorization": f"Bearer {text}"}).status == 401


def test_who_revokes_the_own_key_is_logged_out(site: Site, open_page: OpenPage, watch: Watch) -> None:
    page = open_access(site, open_page, "ann", KeyScope.READ)
    page.get_by_role("button", name=re.compile("^Revoke first")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("you will be logged out")).to_be_visible()
    dialog.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    watch.forgive(REJECTED)


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_admin_sets_what_an_owner_may_use(site: Site, open_page: OpenPage, width: int, dark: bool) -> None:
    site.store.keys.create(KeySpec(scopes=(KeyScope.RUN,)), "ann")
    page = open_access(site, open_page, "root", KeyScope.ADMIN, width=width, dark=dark)
    expect(page.get_by_role("region", name="Keys of everybody")).to_contain_text("ann")
    page.get_by_role("button", name="Limits of ann").click()
    dialog = page.get_by_role("dialog", name="Limits of ann")
    dialog.get_by_label("Runs that train at a time").fill("2")
    dialog.get_by_label("Disk in GB").fill("1.5")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Limits of ann are set")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="ann")
    expect(row).to_contain_text("0 / 2")
    expect(row).to_contain_text("/ 1.5 GB")
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"access-{width}")


def test_owner_sees_what_is_used_of_limits(site: Site, open_page: OpenPage) -> None:
    admin = site.store.keys.create(KeySpec(scopes=(KeyScope.ADMIN,)), "root")[1]
    page = open_access(site, open_page, "ann", KeyScope.READ)
    expect(page.get_by_role("region", name="What you use")).to_contain_text("no limit")
    expect(page.get_by_role("region", name="Owners")).to_have_count(0)
    page.request.put("/owners/ann", headers={"authorization": f"Bearer {admin}"}, data={"training_minutes": 600})
    page.reload()
    expect(page.get_by_role("meter", name="Minutes of training this month")).to_be_visible()
    expect(page.get_by_text("0 of 600")).to_be_visible()


def test_letters_lead_to_access(site: Site, open_page: OpenPage) -> None:
    page = open_access(site, open_page, "ann", KeyScope.READ)
    page.get_by_role("region", name="What you use").wait_for()
    page.goto("/#/runs")
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("go to Access")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="Access", exact=True)).to_be_visible()


@pytest.mark.parametrize(("owner", "may"), [("ann", True), ("bob", False)])
def test_page_offers_what_the_key_allows(site: Site, open_page: OpenPage, owner: str, may: bool) -> None:
    site.store.workers.beat(Worker(name="lab:7", hostname="lab", pid=7))
    run = trained(site.store, "ann", name="mine")
    page = open_access(site, open_page, owner, KeyScope.READ, KeyScope.RUN)
    page.get_by_role("region", name="What you use").wait_for()
    page.goto("/#/machines")
    page.get_by_text("Waiting for a run.").wait_for()
    expect(page.get_by_role("button", name=re.compile("start nothing more|^Pause$|Delete old runs"))).to_have_count(0)
    expect(page.get_by_role("heading", name="Webhooks")).to_have_count(0)
    page.goto(f"/#/run/{run.id}")
    page.get_by_role("heading", name="mine").wait_for()
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("button", name="Reproduce")).to_be_visible()
    expect(page.get_by_role("button", name="Delete the run")).to_have_count(1 if may else 0)
    expect(page.get_by_role("button", name="Rename")).to_have_count(1 if may else 0)
    page.goto("/#/serving")
    page.get_by_role("region", name="mnist").wait_for()
    expect(page.get_by_role("button", name=re.compile("^Pin|^Serve"))).to_have_count(0)


def test_admin_is_offered_everything(site: Site, open_page: OpenPage) -> None:
    site.store.workers.beat(Worker(name="lab:7", hostname="lab", pid=7))
    page = open_access(site, open_page, "root", KeyScope.ADMIN)
    page.get_by_role("region", name="What you use").wait_for()
    page.goto("/#/machines")
    page.get_by_role("button", name="Have lab:7 start nothing more").click()
    expect(page.get_by_text("Drained: it starts nothing more.")).to_be_visible()
    expect(page.get_by_role("heading", name="Webhooks")).to_be_visible()


def test_phone_reaches_access_and_log_out(site: Site, open_page: OpenPage, watch: Watch) -> None:
    page = open_access(site, open_page, "ann", KeyScope.READ, width=390)
    page.goto("/#/runs")
    page.get_by_role("button", name="Preferences").click()
    page.get_by_role("link", name="Access").click()
    expect(page.get_by_role("heading", name="What you use")).to_be_visible()
    page.get_by_role("button", name="Preferences").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    watch.forgive(REJECTED)
