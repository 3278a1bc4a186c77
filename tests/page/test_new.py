"""The view New: a spec is written, judged, mended and posted."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, expect

from models_store.experiments.pages import Query
from specs.experiment import ExperimentSpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, shot
from tests.support.published import finish, publish
from tests.support.site import Site
from tests.support.waiting import eventually

pytestmark = needs_page

LAYERS = """dataset: {name: digits}
model:
  layers:
    - {type: Conv2D, filters: 8, kernel_size: 3}
    - {type: Flatten}
    - {type: Dense}
"""


def editor_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Spec")


def write(page: Page, text: str) -> None:
    """Replace the text of the editor by a paste, which no automatic indentation changes. A click would leave the
    pointer on a word, whose explanation is in the way of the next one."""
    editor_of(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_preset_starts_in_two_clicks(open_page: OpenPage, site: Site) -> None:
    page = open_page("#/new?dataset=mnist")
    page.get_by_role("link", name="mnist-dnn").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(r"#/run/[0-9A-Z]{26}$"))
    [record] = site.store.experiments.page(Query()).items
    assert record.spec is not None
    assert record.spec.document["model"]["preset"] == "mnist-dnn"


def test_broken_layer_is_marked_and_mended(open_page: OpenPage, site: Site) -> None:
    page = open_page("#/new?preset=digits-cnn")
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    write(page, LAYERS.replace("filters: 8", "filters: -8"))
    expect(page.locator(".cm-lintRange-error")).to_have_text("-8")
    expect(page.get_by_role("button", name=re.compile("must be at least 1"))).to_be_visible()
    shot(page, "new-broken")
    write(page, LAYERS)
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"#/run/[0-9A-Z]{26}$"))
    [record] = site.store.experiments.page(Query()).items
    assert record.spec is not None
    assert record.spec.document["model"]["layers"][0]["filters"] == 8


def test_draft_survives_a_reload(open_page: OpenPage) -> None:
    page = open_page("#/new?preset=digits-cnn")
    write(page, LAYERS)
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    page.reload()
    expect(editor_of(page)).to_contain_text("filters: 8")
    page.get_by_role("button", name="Undo all changes").click()
    expect(editor_of(page)).to_contain_text("preset: digits-cnn")


def test_editor_completes_from_the_schema(open_page: OpenPage) -> None:
    page = open_page("#/new?preset=digits-cnn")
    write(page, LAYERS + "training:\n  ")
    page.keyboard.type("ep", delay=30)
    page.get_by_role("option", name=re.compile("epochs")).click()
    expect(editor_of(page)).to_contain_text("epochs:")


def test_labels_are_written_into_the_text(open_page: OpenPage) -> None:
    page = open_page("#/new?preset=digits-cnn")
    page.get_by_label("Tags").fill("first, second")
    page.get_by_label("Name").fill("mine")
    page.get_by_label("Name").press("Enter")
    expect(editor_of(page)).to_contain_text("tags: [first, second]")
    expect(editor_of(page)).to_contain_text("name: mine")


def test_numbers_of_the_training_have_fields(open_page: OpenPage) -> None:
    page = open_page("#/new?preset=digits-cnn")
    epochs, rate = page.get_by_label("Epochs"), page.get_by_label("Learning rate", exact=True)
    expect(epochs).not_to_have_value("")
    epochs.fill("7")
    rate.fill("0.005")
    rate.press("Enter")
    expect(editor_of(page)).to_contain_text("epochs: 7")
    expect(editor_of(page)).to_contain_text("learning_rate: 0.005")
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    write(page, LAYERS + "training: {epochs: 4, optimizer: {type: Adam, learning_rate: {type: CosineDecay}}}")
    expect(epochs).to_have_value("4")
    expect(rate).to_be_disabled()
    expect(rate).to_have_value("CosineDecay")


def test_image_comes_after_the_view_is_gone(open_page: OpenPage) -> None:
    page = open_page("#/nothing")
    held: list[Route] = []
    page.route("**/samples.png?*", lambda route: held.append(route))  # noqa: PLW0108 - it inspects the signature
    page.goto("/#/new?preset=digits-cnn")
    page.get_by_alt_text("Contact sheet of digits").scroll_into_view_if_needed()
    eventually(lambda: held or page.evaluate("0"))
    page.goto("/#/runs")
    expect(page.get_by_text("No runs yet")).to_be_visible()
    with page.expect_response("**/samples.png?*"):
        held[0].continue_()
    # The browser tells the image before it runs what is asked for then.
    page.evaluate("new Promise(resolve => setTimeout(resolve))")


def test_view_fits_every_width(open_page: OpenPage) -> None:
    for hash_, heading in (("#/new", "Start from a preset"), ("#/new?preset=digits-cnn", "10 layers")):
        for width, dark in ((1440, False), (1024, True), (390, False)):
            page = open_page(hash_, width=width, dark=dark)
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert axe_findings(page) == []
            shot(page, f"new-{'starts' if hash_ == '#/new' else 'editor'}-{width}")


def test_repeats_are_started_and_summarized(open_page: OpenPage, site: Site) -> None:
    page = open_page("#/new?preset=digits-cnn")
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    page.get_by_role("spinbutton", name="Repeats").fill("3")
    shot(page, "new-repeats")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("#/runs"))
    expect(page.get_by_role("row").filter(has_text="digits-cnn")).to_have_count(3)
    records = site.store.experiments.page(Query(sort="created_at")).items
    assert [record.spec.training.seed for record in records] == [0, 1, 2]

    for record, accuracy in zip(records, (0.9, 0.94, 0.92), strict=True):
        finish(site.store, record, accuracy)
    page.goto(f"{site.url}/#/run/{records[1].id}")
    repeats = page.get_by_role("region", name="Repeats")
    expect(repeats.get_by_role("heading")).to_have_text("One of 3 repeats")
    expect(repeats).to_contain_text(re.compile("val_accuracy.*0.92.*± 0.02"))
    assert axe_findings(page) == []
    shot(page, "run-repeats")
    repeats.get_by_role("link").click()
    expect(page.get_by_role("button", name="digits-cnn")).to_contain_text("3")
    shot(page, "runs-repeats")


SEARCH = """name: rates
dataset: {name: digits}
model:
  layers:
    - {type: Flatten}
    - {type: Dense}
training:
  epochs: 2
  batch_size: 64
  optimizer: {type: Adam, learning_rate: {$search: {float: [0.0001, 0.1], log: true}}}
"""


def test_spec_with_a_search_starts_a_sweep(open_page: OpenPage, site: Site) -> None:
    page = open_page("#/new?preset=digits-cnn")
    expect(page.get_by_role("group", name="How to search")).to_have_count(0)
    write(page, SEARCH)
    plan = page.get_by_role("region", name="Plan")
    expect(plan).to_contain_text("20 trials")
    page.get_by_label("Trials", exact=True).fill("0")
    expect(page.get_by_label("Trials", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Trials", exact=True).fill("7")
    page.get_by_label("Stop weak trials early").check()
    page.get_by_label("Repeats of the best").select_option("3")
    expect(plan).to_contain_text("7 trials")
    assert axe_findings(page) == []
    shot(page, "new-sweep")
    page.reload()
    expect(plan).to_contain_text("7 trials")
    page.get_by_role("button", name="Start a sweep").click()
    page.wait_for_url(re.compile(r"#/sweeps/[0-9A-Z]{26}$"))
    [sweep] = site.store.sweeps.records()
    assert (sweep.name, sweep.spec.trials, sweep.spec.parallel) == ("rates", 7, 2)
    assert sweep.spec.stop_early is not None
    assert sweep.spec.repeats is not None


def test_broken_search_is_marked_at_its_word(open_page: OpenPage) -> None:
    page = open_page("#/new?preset=digits-cnn")
    write(page, SEARCH.replace("[0.0001, 0.1]", "[0.1, 0.0001]"))
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("highest value first"))).to_contain_text("line 10")
    write(page, SEARCH)
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()


def test_number_at_the_cursor_is_searched(open_page: OpenPage) -> None:
    page = open_page("#/new?preset=digits-cnn")
    write(page, SEARCH.replace("{$search: {float: [0.0001, 0.1], log: true}}", "0.01"))
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    editor_of(page).get_by_text("64", exact=True).dblclick()
    page.get_by_role("button", name="Search this number").click()
    expect(editor_of(page)).to_contain_text("batch_size: {$search: {choice: [16, 32, 64, 128]}}")
    expect(page.get_by_role("button", name="Start a sweep")).to_be_visible()


def test_search_around_a_run(open_page: OpenPage, site: Site, tiny_spec: Callable[..., ExperimentSpec]) -> None:
    record = publish(site.store, tiny_spec("first"))
    page = open_page(f"#/run/{record.id}")
    page.get_by_role("link", name="Search around it").click()
    expect(editor_of(page)).to_contain_text("learning_rate: {$search:")
    expect(editor_of(page)).to_contain_text("batch_size: {$search:")
    expect(page.get_by_role("button", name="Start a sweep")).to_be_visible()
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
