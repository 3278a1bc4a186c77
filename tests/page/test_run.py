"""One run, as people use it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from models_store.experiments.log import append_line
from models_store.experiments.record import Progress, Status
from models_store.jobs.failure import Failure
from specs.experiment import ExperimentSpec, parse_spec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import Begin, OpenPage, Watch, shot
from tests.support.published import keep_state, point, publish
from tests.support.site import Site

pytestmark = [pytest.mark.processes, needs_page]

Spec = Callable[..., ExperimentSpec]


def test_finished_run_shows_its_results(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("tiny")
    evaluation = page.get_by_role("region", name="Evaluation")
    expect(evaluation.get_by_role("row", name=re.compile("^test"))).to_contain_text("80.00%")
    expect(evaluation.get_by_role("row", name=re.compile("^test"))).to_contain_text(re.compile("67.0%.*88.8%"))
    expect(page.get_by_role("region", name="Published network")).to_contain_text("Epoch 2 of 2")
    expect(page.get_by_role("region", name="Published network")).to_contain_text("measures the published network again")
    expect(page.get_by_text("published 2").first).to_be_visible()
    shot(page, "run")


def test_epochs_are_drawn_as_they_come(begin: Begin, open_page: OpenPage, tiny_spec: Spec) -> None:
    claim = begin(tiny_spec(epochs=20))
    page = open_page(f"#/run/{claim.id}")
    expect(page.get_by_text("Curves begin with the first epoch.")).to_be_visible()
    for epoch in range(3):
        claim.append(point(epoch))
    claim.show(Progress(phase="training", epoch=3, epochs=20, step=5, steps_per_epoch=10, eta_seconds=42))
    expect(page.get_by_text("epoch 4 of 20")).to_be_visible()
    expect(page.get_by_text("42 s left")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "18")
    expect(page.get_by_text("best so far 3").first).to_be_visible()
    page.get_by_role("img", name=re.compile("^loss")).focus()
    page.keyboard.press("End")
    expect(page.locator(".readings").first).to_contain_text("epoch 3")
    page.get_by_role("button", name="Seconds").click()
    page.get_by_role("img", name=re.compile("^loss")).focus()
    page.keyboard.press("End")
    expect(page.locator(".readings").first).to_contain_text("seconds 0.3")


def test_zoom_stays_in_the_link(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(epochs=12), epochs=12)
    page = open_page(f"#/run/{record.id}")
    box = page.get_by_role("img", name=re.compile("^loss")).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 120, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 240, box["y"] + 80)
    page.mouse.up()
    expect(page).to_have_url(re.compile("zoom="))
    page.reload()
    page.get_by_role("button", name="Reset zoom").first.click()
    expect(page).not_to_have_url(re.compile("zoom="))


def test_queued_run_shows_what_waits_before_it(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    for name in ("first", "second"):
        site.store.experiments.create(tiny_spec(name))
    record = site.store.experiments.create(tiny_spec("third"))
    page = open_page(f"#/run/{record.id}")
    expect(page.get_by_text("2 runs before this one in the queue.")).to_be_visible()
    expect(page.get_by_role("link", name="second")).to_be_visible()
    page.get_by_role("button", name="Cancel run").click()
    expect(page.get_by_text("Cancelled before the first epoch ended.")).to_be_visible()
    assert site.store.experiments.get(record.id).status is Status.CANCELLED
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Cancel run")).to_be_visible()
    assert site.store.experiments.get(record.id).status is Status.QUEUED


def test_running_run_is_stopped_and_published(begin: Begin, site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    claim = begin(tiny_spec(), epochs=1)
    page = open_page(f"#/run/{claim.id}")
    page.get_by_role("button", name="Stop and publish").click()
    expect(page.get_by_role("button", name="Stopping")).to_be_disabled()
    assert site.store.experiments.get(claim.id).stop_requested


def test_failed_run_says_why_and_what_to_do(begin: Begin, open_page: OpenPage, tiny_spec: Spec) -> None:
    claim = begin(tiny_spec(), epochs=1)
    page = open_page(f"#/run/{claim.id}")
    claim.fail(Failure(type="diverged", message="diverged: the loss became nan in epoch 2"))
    expect(page.get_by_role("alert")).to_contain_text("The loss became nan in epoch 2.")
    expect(page.get_by_role("alert")).to_contain_text("Lower the learning rate")
    expect(page.get_by_text("Only runs that succeeded are evaluated.")).to_be_visible()


def test_finding_becomes_a_new_run(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(epochs=6), epochs=6)
    page = open_page(f"#/run/{record.id}")
    page.get_by_role("button", name=re.compile("^Do it: Train for 12 epochs")).click()
    dialog = page.get_by_role("dialog")
    difference = dialog.get_by_role("region", name="Difference of the specs")
    expect(difference).to_contain_text("epochs: 12")
    expect(dialog.get_by_text(re.compile("^Valid: 650 parameters"))).to_be_visible()
    field = dialog.get_by_label("Change, as a JSON merge patch")
    field.fill(field.input_value().replace('"epochs": 12', '"epochs": "many"'))
    expect(dialog.get_by_role("alert").get_by_text("/training/epochs")).to_be_visible()
    expect(dialog.get_by_role("button", name="Queue the run")).to_be_disabled()
    field.fill(field.input_value().replace('"many"', "30"))
    dialog.get_by_role("button", name="Queue the run").click()
    page.wait_for_url(lambda url: "/run/" in url and record.id not in url)
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("tiny · epochs 30 is queued")).to_be_visible()
    posted = site.store.experiments.get(page.url.rpartition("/")[2])
    assert posted.based_on == record.id
    assert posted.spec.training.epochs == 30
    assert posted.name == "tiny · epochs 30"


def test_cell_of_the_matrix_leads_to_its_images(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}/confusion")
    page.get_by_role("img", name="Confusion matrix").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/#/run/{record.id}/mistakes?true=0&predicted=1")
    expect(page.get_by_text("1 misclassified sample")).to_be_visible()
    image = page.get_by_role("button", name="labeled 0, classified as 1")
    assert image.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 8


def test_classes_are_sorted_by_their_column(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}/confusion")
    page.get_by_role("button", name="Recall").click()
    expect(page.get_by_role("columnheader", name="Recall")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile("sort=-recall"))


def test_keys_move_between_errors_and_relabel(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}/mistakes")
    expect(page.get_by_text("10 misclassified samples")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile(r"at=\d+"))
    first = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(first)
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(first)
    page.keyboard.press("7")
    expect(page.get_by_text("Added to digits-corrections as 7")).to_be_visible()
    expect(page.get_by_role("button", name="label as 7")).to_have_attribute("aria-pressed", "true")
    assert page.request.get("/datasets/digits-corrections").ok
    page.reload()
    expect(page.get_by_text("Corrected: it is 7.").last).to_be_visible()
    expect(page.get_by_role("button", name="label as 7")).to_have_attribute("aria-pressed", "true")


def test_why_shows_what_speaks_for_an_error(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}/mistakes")
    image = page.locator("aside img")
    why, why_not = (page.get_by_role("button", name=re.compile(each)) for each in (r"^Why \d\?$", r"^Why not \d\?$"))
    why.click()
    expect(page.get_by_text(re.compile(r"^Orange: speaks for \d$"))).to_be_visible()
    expect(page.locator(".why [role=status]")).not_to_be_empty()
    expect(image).to_have_attribute("src", re.compile("^data:image/png"))
    assert axe_findings(page) == []
    shot(page, "run-why")
    why_not.click()
    expect(why_not).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".legend")).to_have_count(0)
    expect(image).to_have_attribute("src", re.compile(r"/samples/test/\d+\.png$"))


def test_order_of_errors_is_explained(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}/mistakes")
    expect(page.get_by_text(re.compile(r"^First the \d+ that are possibly mislabeled"))).to_be_visible()
    page.get_by_label("Order").select_option("margin")
    expect(page.get_by_text("First the images that the network could hardly decide on.")).to_be_visible()


def test_network_is_drawn_and_its_spec_compared(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    document = record.spec.model_dump(mode="json") | {"based_on": record.id, "name": "longer"}
    document["training"]["epochs"] = 7
    child = site.store.experiments.create(parse_spec(document))
    page = open_page(f"#/run/{child.id}/network")
    expect(page.get_by_role("row", name=re.compile("Dense.*650"))).to_be_visible()
    difference = page.get_by_role("region", name="What differs from tiny")
    expect(difference).to_contain_text("epochs: 7")
    page.get_by_role("button", name="JSON").click()
    expect(page.get_by_text('"batch_size": 64')).to_be_visible()


def test_calibration_is_said_in_a_sentence(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}")
    expect(page.get_by_role("heading", name="Diagnosis")).to_be_visible()
    page.keyboard.press("[")
    page.keyboard.press("[")
    expect(page.get_by_text(re.compile("correct in 80.0% of cases"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Reliability"))).to_have_count(2)


def test_files_and_log_are_shown(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    folder = site.store.experiments.folder(record.id)
    append_line(folder, "epoch 1 of 2: loss 2.3")
    page = open_page(f"#/run/{record.id}/files")
    model = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="model.onnx"))
    expect(model).to_contain_text(re.compile(r"\d kB"))
    with page.expect_download() as download:
        model.get_by_role("link").click()
    assert download.value.path().read_bytes() == (folder / "artifacts" / "model.onnx").read_bytes()
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text("epoch 1 of 2: loss 2.3")
    append_line(folder, "epoch 2 of 2: loss 2.1")
    log.get_by_role("button", name="Refresh").click()
    expect(log).to_contain_text("epoch 2 of 2: loss 2.1")
    assert axe_findings(page) == []
    shot(page, "run-files")


def test_run_without_images_lists_its_errors(site: Site, open_page: OpenPage) -> None:
    document = {"name": "b", "dataset": {"name": "blobs"}, "model": {"layers": [{"type": "Dense"}]}}
    record = publish(site.store, parse_spec(document))
    page = open_page(f"#/run/{record.id}/mistakes")
    expect(page.get_by_text("Samples of this dataset are numbers")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_be_visible()


def test_run_is_built_upon_on_a_phone(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}", width=390)
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("link", name="Continue")).to_be_visible()
    assert axe_findings(page) == []
    page.get_by_role("link", name="New from this").click()
    expect(page.get_by_role("textbox", name="Spec")).to_contain_text(f'based_on: "{record.id}"')


def test_unknown_run_leads_back_to_the_runs(open_page: OpenPage, watch: Watch) -> None:
    page = open_page("#/run/01M8K2J05J22343TVAXV668GS6")
    expect(page.get_by_text("No such run")).to_be_visible()
    watch.forgive("404")


def test_run_on_a_phone_in_korean_fits(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec("x" * 100))
    for tab in ("", "/network", "/confusion", "/mistakes", "/calibration", "/files"):
        page = open_page(f"#/run/{record.id}{tab}", width=390, dark=True, locale="ko-KR")
        page.locator(".tab .card, .tab figure, .tab ul").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, tab
        shot(page, f"run-phone-{tab[1:]}")


def test_ended_run_is_continued(open_page: OpenPage, site: Site, tiny_spec: Spec) -> None:
    source = publish(site.store, tiny_spec("first"))
    keep_state(site.store, source.id)
    page = open_page(f"#/run/{source.id}")
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("status").get_by_text("Valid")).to_be_visible()
    shot(page, "continue")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(lambda url: "#/run/" in url and source.id not in url)
    record = site.store.experiments.get(page.url[-26:])
    assert (record.initial_epoch, record.spec.training.epochs) == (2, 4)
    assert record.name == "first · continued, epochs 4"
