"""Corrections fine-tune what serves, and the result is promoted or not, by the key of the tab."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.improvement import Improvement
from models_store.experiments.record import Record
from models_store.jobs.failure import Failure
from models_store.models.pins import Pin
from specs.access import KeyScope
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import Auth, OpenPage, shot
from tests.page.layout import sticking_out
from tests.page.test_rights import open_with, says_that_it_needs
from tests.support.corrected import correct
from tests.support.published import finish, publish, results_on
from tests.support.site import Site
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, needs_page]

Spec = Callable[..., ExperimentSpec]
READ, RUN, SERVE = KeyScope.READ, KeyScope.RUN, KeyScope.SERVE
DIGITS = DATASETS["digits"]
GOOD, BETTER, WORSE = 0.9, 0.96, 0.5
KOREAN_PHONE: dict[str, Any] = {"width": 390, "dark": True, "locale": "ko-KR"}


@pytest.fixture
def auth() -> Auth:
    return "keys"


@pytest.fixture
def serving(site: Site, tiny_spec: Spec) -> Record:
    """What serves digits: 45 of 50 test samples are right."""
    return publish(site.store, tiny_spec("serves"), results=results_on(DIGITS, GOOD))


def queue(site: Site, serving: Record) -> Record:
    """What bob has asked for, who needs approval."""
    wanted = Improvement(baseline=serving.id, promote="on_approval")
    spec = site.store.spec_of(serving)
    return site.store.experiments.create(spec, improvement=wanted, owner="bob")


def improve(site: Site, serving: Record, accuracy: float = BETTER) -> Record:
    """The same when it was trained and checked."""
    record = queue(site, serving)
    finish(site.store, record, results=results_on(DIGITS, accuracy, seed=1))

    def checked() -> Record | None:
        found = site.store.experiments.read(record.id)
        return found if found.improvement is not None and found.improvement.state != "pending" else None

    found = eventually(checked)
    assert found is not None
    return found


def card_of(page: Page, title: str = "Improvement") -> Locator:
    card = page.get_by_role("region", name=title, exact=True)
    card.scroll_into_view_if_needed()
    return card


def decisions(card: Locator) -> Locator:
    return card.get_by_role("button")


def test_waiting_one_is_promoted(site: Site, open_page: OpenPage, serving: Record) -> None:
    record = improve(site, serving)
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE)
    card = card_of(page)
    expect(card).to_contain_text("Waits for approval")
    expect(card).to_contain_text("On the same 50 test samples")
    expect(card).to_contain_text(re.compile(r"90\.00%\s*→\s*96\.00%"))
    expect(decisions(card)).to_have_text(["Promote", "Decline"])
    assert axe_findings(page) == []
    shot(page, "improvement-waiting")
    card.get_by_role("button", name="Promote").click()
    expect(card).to_contain_text(re.compile("Promoted\\s*by ann, "))
    expect(decisions(card)).to_have_count(0)
    pin = site.store.models.pins()["digits"]
    assert isinstance(pin, Pin)
    assert (pin.experiment_id, pin.owner) == (record.id, "ann")


def test_declined_one_can_be_promoted_later(site: Site, open_page: OpenPage, serving: Record) -> None:
    record = improve(site, serving)
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE)
    card = card_of(page)
    card.get_by_role("button", name="Decline").click()
    expect(card).to_contain_text(re.compile("Declined\\s*by ann, "))
    expect(decisions(card)).to_have_text(["Promote all the same"])
    card.get_by_role("button", name="Promote all the same").click()
    expect(card).to_contain_text(re.compile("Promoted\\s*by ann, "))


def test_rejected_one_says_that_it_is_worse(site: Site, open_page: OpenPage, serving: Record) -> None:
    record = improve(site, serving, WORSE)
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE)
    card = card_of(page)
    expect(card).to_contain_text("it is worse than what serves, on the same test samples")
    expect(decisions(card)).to_have_text(["Promote all the same"])
    assert axe_findings(page) == []
    shot(page, "improvement-rejected")


@pytest.mark.parametrize("scopes", [(READ,), (READ, RUN)], ids=["read", "run"])
def test_key_that_may_not_serve_decides_nothing(
    site: Site, open_page: OpenPage, serving: Record, scopes: tuple[KeyScope, ...]
) -> None:
    record = improve(site, serving)
    page = open_with(site, open_page, f"#/run/{record.id}", *scopes, owner="bob")
    card = card_of(page)
    says_that_it_needs(page, "serve")
    expect(decisions(card)).to_have_count(0)
    expect(card.get_by_role("link", name="Show what served")).to_have_attribute("href", f"#/run/{serving.id}")
    assert axe_findings(page) == []
    shot(page, f"improvement-{scopes[-1].value}")


def test_pin_of_somebody_else_decides_nothing(site: Site, open_page: OpenPage, serving: Record) -> None:
    record = improve(site, serving)
    site.store.experiments.pins.put(Pin(dataset="digits", experiment_id=serving.id, owner="ann"))
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE, owner="bob")
    card = card_of(page)
    expect(card).to_contain_text("Only ann, whose pin it is, and admins change what serves digits.")
    expect(decisions(card)).to_have_count(0)
    shot(page, "improvement-pin")
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE, owner="ann")
    expect(decisions(card_of(page))).to_have_text(["Promote", "Decline"])


def test_pin_of_somebody_else_fits_a_phone(site: Site, open_page: OpenPage, serving: Record) -> None:
    record = improve(site, serving)
    site.store.experiments.pins.put(Pin(dataset="digits", experiment_id=serving.id, owner="ann"))
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE, owner="bob", **KOREAN_PHONE)
    card = card_of(page, "개선")
    expect(card).to_contain_text("ann과(와) 관리자만 바꿀 수 있습니다.")
    assert (axe_findings(page), sticking_out(page)) == ([], [])
    shot(page, "improvement-pin-phone")


def test_decision_fits_a_phone(site: Site, open_page: OpenPage, serving: Record) -> None:
    record = improve(site, serving)
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE, **KOREAN_PHONE)
    card = card_of(page, "개선")
    expect(decisions(card)).to_have_text(["승격", "거절"])
    assert (axe_findings(page), sticking_out(page)) == ([], [])
    shot(page, "improvement-phone")


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_one_that_has_no_model_is_not_compared(site: Site, open_page: OpenPage, serving: Record, end: str) -> None:
    record = queue(site, serving)
    claim = TrainingClaim.acquire(site.store.training_jobs, record.id, worker="test:1")
    assert claim is not None
    claim.begin_history([])
    if end == "failed":
        claim.fail(Failure(type="out_of_memory", message="the trainer was killed at 7.9 GB"))
    else:
        claim.cancel()
    page = open_with(site, open_page, f"#/run/{record.id}", READ, SERVE)
    card = card_of(page)
    expect(card).to_contain_text("so that it is not compared with what serves.")
    expect(card).not_to_contain_text("when it has succeeded")
    expect(decisions(card)).to_have_count(0)
    shot(page, f"improvement-{end}")


def test_key_that_may_run_asks_for_approval(site: Site, open_page: OpenPage, serving: Record) -> None:
    correct(site.store)
    page = open_with(site, open_page, "#/data/digits", READ, RUN, owner="bob")
    start = page.get_by_role("button", name="Fine-tune and check")
    expect(start).to_have_attribute("title", re.compile("unless the new one is worse asks those for approval"))
    assert axe_findings(page) == []
    shot(page, "improve")
    start.click()
    expect(card_of(page)).to_contain_text("Compared with what serves when it has succeeded.")
    [queued] = site.store.experiments.children(serving.id)
    assert queued.improvement is not None
    assert queued.improvement.promote == "on_approval"


def test_key_that_may_serve_lets_it_serve(site: Site, open_page: OpenPage, serving: Record) -> None:
    correct(site.store)
    page = open_with(site, open_page, "#/data/digits-corrections", READ, RUN, SERVE)
    start = page.get_by_role("button", name="Fine-tune and check")
    expect(start).to_have_attribute("title", re.compile("lets the new one serve unless it is worse$"))


def test_reader_reads_what_improving_needs(site: Site, open_page: OpenPage, serving: Record) -> None:
    correct(site.store)
    page = open_with(site, open_page, "#/data/digits", READ, **KOREAN_PHONE)
    card = page.get_by_role("region", name="정정", exact=True)
    expect(card.get_by_text("run", exact=True)).to_be_visible()
    expect(card.get_by_role("button")).to_have_count(0)
    card.scroll_into_view_if_needed()
    assert (axe_findings(page), sticking_out(page)) == ([], [])
    shot(page, "improve-reader-phone")


def test_nothing_to_train_with_is_said(site: Site, open_page: OpenPage, serving: Record) -> None:
    def leave_test_samples(route: Route) -> None:
        answer = route.fetch()
        listed = answer.json()
        for each in listed["items"]:
            if each["name"] == "digits-corrections":
                each["counts"] = {**each["counts"], "train": [0] * 10, "test": [1] * 10}
        route.fulfill(response=answer, json=listed)

    correct(site.store)
    page = open_with(site, open_page, "#/runs", READ, RUN)
    page.route(re.compile(r"/datasets(\?|$)"), leave_test_samples)
    page.goto("/#/data/digits")
    start = page.get_by_role("button", name="Fine-tune and check")
    expect(start).to_be_disabled()
    expect(start).to_have_accessible_description(re.compile("^The corrections have no training samples"))
    assert axe_findings(page) == []
    shot(page, "improve-nothing")
