"""The views of sweeps: the list, a running one, one that has ended, one of hundreds of trials."""

import re

import pytest
from playwright.sync_api import Page, expect

from models_store.models.pins import Pin
from models_store.sweeps.record import SweepStatus
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.page.swept import IMPORTANCE, Swept, start
from tests.support.site import Site

pytestmark = needs_page

MANY = 320


@pytest.fixture
def swept(site: Site) -> Swept:
    """Two trials that have ended, of six."""
    swept = Swept(site.store, start(site.store, "rates", trials=6).id)
    swept.succeed(0.8)
    swept.prune()
    swept.write()
    return swept


def chart(page: Page, title: str) -> str:
    return f"main [role=img][aria-label^='{title}']"


def test_list_says_how_to_start_one(open_page: OpenPage) -> None:
    page = open_page()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="No sweeps yet")).to_be_visible()
    assert axe_findings(page) == []


def test_list_follows_its_sweeps(open_page: OpenPage, swept: Swept, watch: Watch) -> None:
    page = open_page("#/sweeps")
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text("2/6")
    expect(row).to_contain_text("0.8000")
    asked = len(watch.requests)
    swept.succeed(0.95)
    swept.write()
    expect(row).to_contain_text("3/6")
    expect(row).to_contain_text("0.9500")
    assert watch.requests[asked:] == [], "the event says it all"
    swept.write(SweepStatus.SUCCEEDED)
    expect(row).to_contain_text("finished")
    page.get_by_role("link", name="rates").click()
    expect(page.get_by_role("heading", name="rates")).to_be_visible()


def test_trials_appear_as_they_come(open_page: OpenPage, swept: Swept, watch: Watch) -> None:
    page = open_page(f"#/sweeps/{swept.id}")
    best = page.get_by_role("region", name="Best trial")
    expect(best).to_contain_text("#0")
    expect(page.locator(f"{chart(page, 'Trials in their order')} circle")).to_have_count(2)
    claim = swept.run(epochs=2)
    swept.write()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Run of trial 2"))
    expect(row).to_contain_text("training")
    expect(page.locator(f"{chart(page, 'val_accuracy')} .series")).to_have_count(3)
    claim.cancel()
    swept.trials.pop()
    swept.write()
    swept.succeed(0.97)
    swept.write()
    expect(best).to_contain_text("0.9700")
    expect(page.locator("main circle.marked").first).to_be_attached()
    assert [each for each in watch.requests if "/history" in each and (swept.trials[0].experiment_id or "") in each][
        1:
    ] == [], "a curve that is over is fetched once"
    page.get_by_role("link", name="Run of trial 2").click()
    page.wait_for_url(re.compile(f"#/run/{swept.trials[2].experiment_id}$"))
    shot(page, "sweep-run")
    page.get_by_role("link", name="trial #2").click()
    page.wait_for_url(re.compile(f"#/sweeps/{swept.id}$"))


def test_repeats_show_how_sure_it_is(open_page: OpenPage, site: Site) -> None:
    swept = Swept(site.store, start(site.store, "sure", trials=2, repeats={"seeds": 3, "of_best": 2}).id)
    for value in (0.9, 0.92):
        swept.succeed(value)
    for value in (0.88, 0.9, 0.92):
        swept.succeed(value, repeat_of=0)
        swept.succeed(value - 0.01, repeat_of=1)
    swept.write(SweepStatus.SUCCEEDED, importance=IMPORTANCE)
    page = open_page(f"#/sweeps/{swept.id}", width=390, dark=True)
    sure = page.get_by_role("region", name="Confidence")
    expect(sure).to_contain_text("0.9000 ± 0.0200")
    expect(page.get_by_role("region", name="Status")).to_contain_text("95 % interval")
    expect(page.get_by_role("region", name="Best trial")).to_contain_text("0.9000")
    expect(page.locator(chart(page, "Importance"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe_findings(page) == []


def test_sweep_is_paused_extended_and_cancelled(open_page: OpenPage, site: Site, swept: Swept, watch: Watch) -> None:
    page = open_page(f"#/sweeps/{swept.id}")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    assert site.store.sweeps.get(swept.id).status is SweepStatus.PAUSED
    page.get_by_role("button", name="Budget").click()
    dialog = page.get_by_role("dialog", name="Budget")
    trials = dialog.get_by_role("spinbutton", name=re.compile("^Trials"))
    trials.fill("0")
    dialog.get_by_role("button", name="Save").click()
    expect(trials).to_have_attribute("aria-invalid", "true")
    trials.fill("9")
    dialog.get_by_label("Minutes").fill("30")
    dialog.get_by_label("Priority").fill("5")
    expect(dialog.get_by_text('-d \'{"trials":9,"minutes":30,"priority":5}\'')).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="Status")).to_contain_text("2 of 9 trials")
    spec = site.store.sweeps.get(swept.id).spec
    assert (spec.trials, spec.minutes, spec.parallel, spec.priority) == (9, 30, 2, 5)
    page.get_by_role("button", name="Resume trial 1").click()
    expect(page.get_by_role("row").filter(has=page.get_by_role("link", name="Run of trial 1"))).to_contain_text(
        "waiting"
    )
    page.get_by_role("button", name="Cancel the sweep").click()
    page.get_by_role("dialog", name="Cancel").get_by_role("button", name="Cancel the sweep").click()
    expect(page.get_by_role("button", name="Cancelling")).to_be_disabled()
    assert site.store.sweeps.get(swept.id).cancel_requested
    watch.forgive("422 (Unprocessable")


def test_best_is_served_and_kept(open_page: OpenPage, site: Site, swept: Swept) -> None:
    page = open_page(f"#/sweeps/{swept.id}")
    page.get_by_role("button", name="Serve it").click()
    expect(page.get_by_text("It serves digits now.")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("The run has a star.")).to_be_visible()
    assert site.store.experiments.get(swept.trials[0].experiment_id or "").star


@pytest.mark.parametrize("with_runs", [False, True])
def test_sweep_is_deleted(open_page: OpenPage, site: Site, watch: Watch, with_runs: bool) -> None:
    swept = Swept(site.store, start(site.store, "rates", trials=2).id)
    for _ in range(2):
        swept.prune()
    swept.write(SweepStatus.SUCCEEDED)
    page = open_page(f"#/sweeps/{swept.id}")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete the sweep?")
    dialog.get_by_label("Delete the runs of its trials, too (2)").set_checked(with_runs)
    expect(dialog.get_by_text("?trials=true")).to_have_count(int(with_runs))
    assert axe_findings(page) == []
    shot(page, "sweep-delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No sweeps yet")).to_be_visible()
    assert site.store.sweeps.records() == []
    assert len(site.store.experiments.index.ids()) == (0 if with_runs else 2)
    watch.forgive("404")


def test_sweep_with_a_serving_trial_is_deleted(open_page: OpenPage, site: Site, swept: Swept, watch: Watch) -> None:
    best = swept.trials[0].experiment_id or ""
    site.store.experiments.pins.put(Pin(dataset="digits", experiment_id=best))
    swept.write(SweepStatus.SUCCEEDED)
    page = open_page(f"#/sweeps/{swept.id}")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete the sweep?")
    dialog.get_by_label(re.compile("Delete the runs of its trials, too")).check()
    expect(dialog.get_by_text("serves digits. Without it the next best model serves")).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    assert axe_findings(page) == []
    shot(page, "sweep-delete-serving")
    dialog.get_by_label("Delete it anyway").check()
    expect(dialog.get_by_text("trials=true&force=true")).to_be_visible()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No sweeps yet")).to_be_visible()
    assert site.store.experiments.pins.datasets_of(best) == []
    watch.forgive("404")


def test_hundreds_of_trials_are_usable(open_page: OpenPage, site: Site) -> None:
    swept = Swept(site.store, start(site.store, "many", trials=MANY).id)
    for number in range(MANY):
        swept.prune() if number % 8 else swept.succeed()
    swept.write(SweepStatus.SUCCEEDED, importance=IMPORTANCE)
    page = open_page(f"#/sweeps/{swept.id}")
    expect(page.locator(f"{chart(page, 'Trials in their order')} circle")).to_have_count(MANY)
    table = page.get_by_role("grid", name="Trials")
    expect(table).to_have_attribute("aria-rowcount", str(MANY + 1))
    assert table.get_by_role("row").count() < 60, "only rows in sight are in the document"
    page.get_by_role("columnheader", name="val_accuracy").get_by_role("button").click()
    first = table.get_by_role("row").nth(1)
    best = max(swept.trials, key=lambda trial: trial.value or 0).number
    expect(first).to_contain_text(f"#{best}")
    table.focus()
    page.keyboard.press("End")
    expect(table.get_by_role("row").last).to_be_in_viewport()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"#/run/{swept.trials[best].experiment_id}$"))


def test_unknown_sweep_is_said(open_page: OpenPage, watch: Watch) -> None:
    page = open_page("#/sweeps/01M8K2J05J22343TVAXV668GS6")
    expect(page.get_by_role("heading", name="There is no such sweep")).to_be_visible()
    watch.forgive("404 (Not Found")
