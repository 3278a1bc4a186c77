"""The view Data: uploads of archives and folders, samples as images and as numbers, deletion."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from specs.dataset import DATASETS
from specs.experiment import parse_spec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.support.archives import zip_of
from tests.support.contract import JsonObject
from tests.support.image_files import encoded
from tests.support.noise import noisy_digits
from tests.support.published import publish, results_on
from tests.support.site import Site
from worker.jobs.supervisor import Supervisor

pytestmark = needs_page


def convert(site: Site, name: str) -> None:
    """Do what a worker does with an upload."""
    Supervisor(site.store, site.settings, "test:1", lambda: False).convert(name)


def choose_archive(page: Page, name: str, archive: bytes) -> None:
    page.get_by_role("button", name="Add a dataset").first.click()
    page.get_by_label("Choose an archive").set_input_files(
        {"name": name, "mimeType": "application/zip", "buffer": archive}
    )


def test_archive_is_uploaded_looked_at_and_deleted(site: Site, open_page: OpenPage) -> None:
    archive = noisy_digits(("2", "5", "7"), train=8, test=4)
    page = open_page("#/data")
    expect(page.get_by_role("link", name="digits").first).to_be_visible()
    assert axe_findings(page) == []
    choose_archive(page, "Noise 1.zip", archive)
    expect(page.get_by_label("Name", exact=True)).to_have_value("noise-1")
    page.get_by_role("button", name="Upload", exact=True).click()

    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    convert(site, "noise-1")
    expect(page.get_by_role("button", name="5, sample 8")).to_be_visible()
    expect(page.get_by_text("3 classes have fewer than 10 images to train on")).to_be_visible()

    page.get_by_role("button", name="test", exact=True).click()
    page.get_by_role("row", name="7").get_by_role("button").click()
    expect(page.get_by_role("list", name="Samples: 4 images")).to_be_visible()
    page.get_by_role("button", name="7, sample 32").click()
    cells = page.get_by_role("region", name="As numbers").get_by_role("cell")
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        pixels = Image.open(io.BytesIO(opened.read("test/7/0.png")))
    expect(cells).to_have_text([str(value) for value in pixels.tobytes()])
    assert axe_findings(page) == []
    shot(page, "data-sample")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="Sample 33")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("noise-1 was deleted")).to_be_visible()
    expect(page.get_by_role("link", name="noise-1")).to_have_count(0)


def test_folder_is_packed_by_the_page(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    folder = tmp_path / "꽃 flowers"
    with zipfile.ZipFile(io.BytesIO(noisy_digits(("rose", "tulip"), train=3))) as opened:
        opened.extractall(folder)
    (folder / ".DS_Store").write_bytes(b"left by a system")
    (folder / "rose" / f"{'long' * 40}.png").write_bytes((folder / "rose" / "0.png").read_bytes())

    page = open_page("#/data")
    page.get_by_role("button", name="Add a dataset").first.click()
    page.get_by_label("Choose a folder").set_input_files(folder)
    expect(page.get_by_text("7 images")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("flowers")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    convert(site, "flowers")
    expect(page.get_by_role("list", name="Samples: 7 images")).to_be_visible()
    contents = site.store.datasets.get("flowers").contents
    assert contents is not None
    assert (contents.classes, contents.counts["train"], contents.ignored_files) == (("rose", "tulip"), (4, 3), 0)


def test_rejected_upload_shows_the_sentence(site: Site, open_page: OpenPage) -> None:
    page = open_page("#/data")
    choose_archive(page, "one.zip", noisy_digits(("rose",), train=3))
    page.get_by_label("Name", exact=True).fill("digits")
    expect(page.get_by_text("There is a dataset digits already")).to_be_visible()
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_disabled()
    page.get_by_label("Name", exact=True).fill("one")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    convert(site, "one")
    error = site.store.datasets.get("one").error
    assert error
    expect(page.get_by_role("alert")).to_contain_text(error)


def test_part_of_file_names_is_chosen(site: Site, open_page: OpenPage) -> None:
    people = ((age, gender) for age in (9, 26, 31) for gender in (0, 1))
    images = {
        f"{age}_{gender}_2_{number}.png": encoded(Image.new("L", (8, 8), 30 * number))
        for number, (age, gender) in enumerate(people)
    }
    page = open_page("#/data", width=390)
    choose_archive(page, "faces.zip", zip_of(images))
    part = page.get_by_label("Part of the name that is the class")
    expect(part).to_have_count(0)
    page.get_by_label("Labels are in").select_option("filenames")
    part.fill("21")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(part).to_be_focused()
    part.fill("2")
    assert axe_findings(page) == []
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    convert(site, "faces")
    contents = site.store.datasets.get("faces").contents
    assert contents is not None
    assert contents.classes == ("0", "1")


@pytest.mark.parametrize(("locale", "title"), [("en-US", "Train on this"), ("ko-KR", "이 데이터로 학습")])
def test_dataset_fits_a_phone(open_page: OpenPage, locale: str, title: str) -> None:
    page = open_page("#/data/digits?class=7", width=390, dark=True, locale=locale)
    expect(page.get_by_role("link", name=title)).to_have_attribute("href", "#/new?dataset=digits")
    expect(page.get_by_role("button", name="7, ").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe_findings(page) == []
    shot(page, f"data-phone-{locale}")


def test_suspected_label_is_corrected(site: Site, open_page: OpenPage, tiny_document: JsonObject) -> None:
    publish(site.store, parse_spec(tiny_document), results=results_on(DATASETS["digits"], 0.8))
    page = open_page("#/data/digits")
    suspects = page.get_by_role("region", name="Possibly mislabeled")
    suspects.get_by_role("button").first.click()
    dialog = page.get_by_role("dialog")
    image = dialog.get_by_role("img")
    assert image.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 8
    assert axe_findings(page) == []
    shot(page, "data-suspect")
    dialog.get_by_role("button", name=re.compile("^It is ")).click()
    expect(page.get_by_text("Added to digits-corrections as")).to_be_visible()
    expect(suspects.get_by_text("corrected: ")).to_have_count(1)
    page.reload()
    expect(suspects.get_by_text("corrected: ")).to_have_count(1)
    expect(suspects.get_by_role("link", name="All errors of")).to_have_attribute("href", re.compile("/mistakes$"))
    listed = suspects.get_by_role("listitem").count()
    suspects.get_by_role("button").nth(1).click()
    dialog.get_by_role("button", name=re.compile(" is right$")).click()
    expect(suspects.get_by_text("confirmed: ")).to_have_count(1)
    expect(page.get_by_text("Confirmed as")).to_be_visible()
    page.reload()
    expect(suspects.get_by_role("listitem")).to_have_count(listed - 1)
    assert site.store.experiments.holdout.peeks.of("digits").total == 0, "no look at test results"
    page.get_by_role("region", name="Corrections").get_by_role("link", name="Train with them").click()
    expect(page.get_by_text("digits-corrections joins the training split")).to_be_visible()
    assert axe_findings(page) == []
    shot(page, "new-with-corrections")
    page.get_by_role("link", name="digits-cnn").first.click()
    expect(page.get_by_role("textbox", name="Spec")).to_contain_text("add: [digits-corrections]")


def test_test_results_are_hidden_and_revealed(
    site: Site, open_page: OpenPage, watch: Watch, tiny_document: JsonObject
) -> None:
    digits = DATASETS["digits"]
    first, second = (publish(site.store, parse_spec(tiny_document), results=results_on(digits, 0.8)) for _ in range(2))
    page = open_page("#/data/digits")
    results = page.get_by_role("region", name="Test results")
    results.get_by_role("button", name="Hide test results").click()
    expect(results).to_contain_text("Hidden until revealed")
    assert axe_findings(page) == []
    shot(page, "data-hidden")

    page.goto(f"{page.url.partition('#')[0]}#/run/{first.id}")
    evaluation = page.get_by_role("region", name="Evaluation")
    expect(evaluation.get_by_role("row").filter(has_text="test")).to_contain_text("Hidden until revealed")
    expect(evaluation.get_by_role("row").filter(has_text="validation")).to_contain_text("90")
    page.get_by_role("link", name="Confusion").click()
    expect(page.get_by_role("heading", name="Hidden until revealed")).to_be_visible()
    assert axe_findings(page) == []
    page.get_by_role("button", name="Show the validation split").click()
    expect(page.get_by_role("button", name="validation", exact=True)).to_have_attribute("aria-pressed", "true")

    page.goto(f"{page.url.partition('#')[0]}#/compare?ids={first.id},{second.id}")
    expect(page.get_by_role("heading", name="Hidden until revealed")).to_be_visible()
    shot(page, "compare-hidden")
    watch.forgive("409")

    page.get_by_role("link", name="To the dataset").click()
    page.get_by_role("link", name="digits").first.click()
    results.get_by_role("button", name="Reveal").click()
    page.get_by_role("dialog").get_by_role("button", name="Reveal").click()
    expect(results).to_contain_text("Revealed")
    expect(results.get_by_role("button", name="Hide test results")).to_be_visible()
