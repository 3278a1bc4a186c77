"""A sweep from New to its best run, on a service of real processes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.support.service import TRAIN_SECONDS, Service

pytestmark = [pytest.mark.processes, needs_page]

TRIALS = 4
SPEC = """name: rates of digits
dataset: {name: digits}
preprocessing: {scale: unit}
model: {layers: [{type: Flatten}, {type: Dense}]}
training:
  epochs: 2
  optimizer: {type: Adam, learning_rate: {$search: {choice: [0.00001, 0.001, 0.01, 0.1]}}}
"""


@pytest.fixture
def origin(service: Service) -> str:
    return str(service.http.base_url).rstrip("/")


def test_sweep_is_started_watched_and_used(open_page: OpenPage, service: Service, watch: Watch) -> None:
    page = open_page("#/new?preset=digits-cnn")
    page.get_by_role("textbox", name="Spec").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(SPEC)
    expect(page.get_by_role("region", name="Plan")).to_contain_text("4 trials")
    page.get_by_role("button", name="Start a sweep").click()
    page.wait_for_url(re.compile(r"#/sweeps/[0-9A-Z]{26}$"))
    watch_trials_come(page)
    use_the_best(page, service)
    assert len([each for each in watch.requests if "/events" in each]) == 1


def watch_trials_come(page: Page) -> None:
    """Nothing is done here: all comes by events."""
    expect(page.get_by_role("grid", name="Trials")).to_contain_text("training", timeout=1000 * TRAIN_SECONDS)
    dots = page.locator("[role=img][aria-label^='Trials in their order'] circle")
    expect(dots).to_have_count(1, timeout=1000 * TRAIN_SECONDS)
    expect(page.get_by_role("region", name="Status")).to_contain_text("4 of 4 trials", timeout=4000 * TRAIN_SECONDS)
    expect(dots).to_have_count(TRIALS)
    expect(page.get_by_role("main").get_by_text("finished", exact=True)).to_be_visible(timeout=1000 * TRAIN_SECONDS)
    shot(page, "sweep-ended")


def use_the_best(page: Page, service: Service) -> None:
    """The best trial is marked, its run is opened, and it serves."""
    [listed] = service.http.get("/sweeps").json()["items"]
    best = listed["best"]
    expect(page.locator("main circle.marked").first).to_be_attached()
    card = page.get_by_role("region", name="Best trial")
    expect(card).to_contain_text(f"#{best['number']}")
    card.get_by_role("button", name="Serve it").click()
    expect(page.get_by_text("It serves digits now.")).to_be_visible()
    [model] = service.http.get("/models").json()["items"]
    assert (model["policy"], model["experiment_id"]) == ("pinned", best["experiment_id"])
    card.get_by_role("link", name="Open the run").click()
    page.wait_for_url(re.compile(f"#/run/{best['experiment_id']}$"))
    expect(page.locator("path.raw").first).to_be_visible()
