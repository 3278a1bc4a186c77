"""A newcomer's way: from the first look to a corrected, pinned model, on a service of real processes."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.page.strokes import BARRED_SEVEN, draw
from tests.support.service import TRAIN_SECONDS, Service

pytestmark = [pytest.mark.processes, needs_page]

EPOCHS = 5


@pytest.fixture
def origin(service: Service) -> str:
    return str(service.http.base_url).rstrip("/")


def test_newcomer_goes_all_the_way(open_page: OpenPage, service: Service, watch: Watch) -> None:
    page = open_page()
    expect(page.get_by_text("No runs yet")).to_be_visible()
    first = start_from_preset(page)
    watch_it_learn(page)
    look_at_errors(page, service, first)
    second = follow_the_diagnosis(page, first)
    read_a_drawing(page, service)
    pin(page, service, first, second)
    assert len([each for each in watch.requests if "/events" in each]) == 1


def start_from_preset(page: Page) -> str:
    """Open the layers of the preset, break one, mend it where the mark says, and start."""
    page.get_by_role("link", name="New run").first.click()
    page.get_by_role("link", name="digits-cnn").click()
    page.get_by_role("button", name="Edit the layers").click()
    editor = page.get_by_role("textbox", name="Spec")
    expect(editor).to_contain_text("filters: 64")
    replace(page, "64", "-64")
    expect(page.locator(".cm-lintRange-error")).to_have_text("-64")
    page.get_by_role("button", name=re.compile("must be at least 1")).click()
    page.keyboard.type("48")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    replace(page, "25", str(EPOCHS))
    expect(page.get_by_role("main").get_by_role("status").get_by_text("Valid")).to_be_visible()
    shot(page, "newcomer-new")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"#/run/[0-9A-Z]{26}$"))
    return run_shown(page)


def replace(page: Page, word: str, text: str) -> None:
    """Double-click on a word in the editor, and write another."""
    page.get_by_role("textbox", name="Spec").get_by_text(word, exact=True).first.dblclick()
    page.keyboard.type(text)


def run_shown(page: Page) -> str:
    return page.url.rpartition("/")[2]


def watch_it_learn(page: Page) -> None:
    """Curves are drawn during the run."""
    page.wait_for_function(
        """() => document.querySelector('[role=progressbar]')
            && document.querySelector('[role=img][aria-label^=loss] path.raw')""",
        timeout=1000 * TRAIN_SECONDS,
    )
    wait_until_trained(page)


def wait_until_trained(page: Page) -> None:
    expect(page.get_by_text("All epochs were trained.")).to_be_visible(timeout=1000 * TRAIN_SECONDS)


def look_at_errors(page: Page, service: Service, run: str) -> None:
    """A cell of the confusion matrix leads to its images, and those of all cells are moved through by keys."""
    evaluation: dict[str, Any] = service.http.get(f"/experiments/{run}/evaluation").json()
    matrix = evaluation["confusion_matrix"]["matrix"]
    truth, predicted = next(
        (row, column) for row in range(10) for column in range(10) if row != column and matrix[row][column]
    )
    page.get_by_role("link", name="Confusion").click()
    page.get_by_role("img", name="Confusion matrix").focus()
    for _ in range(truth):
        page.keyboard.press("ArrowDown")
    for _ in range(predicted):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    images = page.get_by_role("button", name=f"labeled {truth}, classified as {predicted}")
    expect(images).to_have_count(matrix[truth][predicted])
    assert images.first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 8

    page.get_by_role("link", name="Errors", exact=True).click()
    wrong = sum(map(sum, matrix)) - sum(matrix[digit][digit] for digit in range(10))
    expect(page.get_by_text(re.compile(f"^{wrong} misclassified samples?$"))).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"at=\d+"))
    shot(page, "newcomer-errors")


def follow_the_diagnosis(page: Page, first: str) -> str:
    """What the diagnosis suggests becomes a second run, which is compared with the first."""
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name=f"Do it: Train for {2 * EPOCHS} epochs").click()
    page.get_by_role("dialog").get_by_role("button", name="Queue the run").click()
    page.wait_for_url(lambda url: "/run/" in url and first not in url)
    second = run_shown(page)
    wait_until_trained(page)
    page.get_by_role("link", name="Compare", exact=True).last.click()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text(f"digits-cnn · epochs {2 * EPOCHS}")
    expect(page.get_by_role("region", name="What differs").get_by_role("row").nth(1)).to_contain_text("training.epochs")
    shot(page, "newcomer-compare")
    return second


def read_a_drawing(page: Page, service: Service) -> None:
    """A drawing is read; what it should have been joins the training data of another run."""
    page.get_by_role("link", name="Draw", exact=True).click()
    for stroke in BARRED_SEVEN:
        draw(page, stroke)
    expect(page.locator("article .large")).to_have_text("7")
    shot(page, "newcomer-draw")
    page.get_by_role("button", name="It is 1", exact=True).click()
    expect(page.get_by_text("Saved as 1 in digits-corrections.")).to_be_visible()
    page.get_by_role("link", name="Train with the corrections").click()
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/#/run/*")
    third = service.get(run_shown(page))
    assert [each["name"] for each in third["spec"]["dataset"]["add"]] == ["digits-corrections"]
    wait_until_trained(page)


def pin(page: Page, service: Service, first: str, second: str) -> None:
    """The run that serves is another than the best, because it was pinned."""
    page.get_by_role("link", name="Serving", exact=True).click()
    served = page.get_by_role("region", name="digits").locator(".name a")
    expect(served).to_be_visible()
    wanted = first if second in (served.get_attribute("href") or "") else second
    page.locator("tr", has=page.locator(f"a[href='#/run/{wanted}']")).get_by_role("button", name="Pin").click()
    expect(page.get_by_text("Pinned since")).to_be_visible()
    expect(served).to_have_attribute("href", f"#/run/{wanted}")
    [model] = service.http.get("/models").json()["items"]
    assert (model["policy"], model["experiment_id"]) == ("pinned", wanted)
