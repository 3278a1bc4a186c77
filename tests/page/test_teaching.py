"""What a teacher does on the page, and the button that submits a finished run."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models_store.assignments.record import StoredBudget
from models_store.classes.store import STUDENT_SCOPES
from models_store.frozen import utc_now
from settings import Settings
from specs.access import KeyScope, KeySpec
from specs.classroom import parse_class
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.page.layout import sticking_out
from tests.page.test_classroom import enter
from tests.support.classroom import add_assignment, trained
from tests.support.site import Site
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.processes, needs_page]


@pytest.fixture
def site(settings: Settings, valkey: Valkey) -> Iterator[Site]:
    site = Site(settings.model_copy(update={"auth": "keys", "lease_seconds": LEASE_SECONDS}))
    yield site
    site.close()


@pytest.fixture
def teacher(site: Site) -> str:
    _, token = site.store.keys.create(KeySpec(scopes=(*STUDENT_SCOPES, KeyScope.TEACH)), "tina")
    return token


def create_class(site: Site, *names: str) -> dict[str, str]:
    """Of the teacher; the students' keys, by handle."""
    [tina] = [each for each in site.store.keys.list() if each.owner == "tina"]
    _, keys = site.store.classes.create(parse_class({"name": "biology-7b", "students": list(names)}), tina)
    return {student.handle: token for student, _, token in keys}


def read_code(page: Page) -> str:
    """What the first QR code of a page says. A reader of OpenCV misses one to three in a hundred codes of one size, and
    keys are random: both readers look, at three sizes."""
    image = np.frombuffer(page.get_by_role("img").first.screenshot(scale="css"), np.uint8)
    code = cv2.imdecode(image, cv2.IMREAD_GRAYSCALE)
    assert code is not None
    for factor in (1, 2, 3):
        enlarged = cv2.resize(code, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
        framed = np.pad(enlarged, 40, constant_values=255)
        for reader in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()):
            found, _, _ = reader.detectAndDecode(framed)
            if found:
                return str(found)
    return ""


def test_teacher_creates_a_class_with_cards(
    site: Site, teacher: str, open_page: OpenPage, tmp_path: Path, watch: Watch
) -> None:
    table = tmp_path / "names.csv"
    table.write_bytes("Nachname;Vorname\nMüller;Ann\n;Bob\n".encode("cp1252"))
    page = enter(open_page, teacher, "#/class")
    page.get_by_role("button", name="New class").click()
    page.get_by_role("textbox", name="Name", exact=False).first.fill("biology-7b")
    page.get_by_label("Or a CSV file").set_input_files(table)
    expect(page.get_by_text("2 students: Ann Müller, Bob")).to_be_visible()
    assert axe_findings(page) == []
    shot(page, "teaching-class")

    page.get_by_role("button", name="Create 2 keys").click()

    cards = page.get_by_role("region", name="Cards")
    expect(cards.get_by_role("listitem")).to_have_count(2)
    key = cards.get_by_role("listitem").first.locator("code").inner_text()
    assert read_code(page) == f"{site.url}/#key={key}"
    found = site.store.keys.verify(key)
    assert found is not None
    assert found.owner == "ann-muller@biology-7b"
    assert axe_findings(page) == []
    shot(page, "teaching-cards")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("2 students")).to_be_visible()


def test_rejected_class_keeps_what_was_typed(site: Site, teacher: str, open_page: OpenPage, watch: Watch) -> None:
    page = enter(open_page, teacher, "#/class")
    page.get_by_role("button", name="New class").click()
    page.get_by_role("textbox", name="Name", exact=False).first.fill("a")
    page.get_by_label("Names of the students").fill("Ann\nAnn")
    page.get_by_role("button", name="Create 2 keys").click()
    expect(page.get_by_role("alert")).to_contain_text("is in the list already")
    expect(page.get_by_label("Names of the students")).to_have_value("Ann\nAnn")
    assert list(site.store.classes.records()) == []
    watch.forgive("422")


def test_teacher_creates_an_assignment(site: Site, teacher: str, open_page: OpenPage) -> None:
    create_class(site, "Ann")
    page = enter(open_page, teacher, "#/class")
    page.get_by_role("link", name="New assignment").click()
    page.get_by_label("Title").fill("Fewer errors")
    page.get_by_label("Task").fill("Improve the base.")
    page.get_by_label("Start from").select_option("preset mnist-cnn")
    page.get_by_label("/preprocessing").uncheck()
    page.get_by_label("Runs", exact=True).fill("20")
    page.get_by_label("Submissions").fill("3")
    page.get_by_label("Metric").select_option("balanced_accuracy")
    assert axe_findings(page) == []
    shot(page, "teaching-assignment")
    page.get_by_role("button", name="Create assignment").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Fewer errors")
    [made] = site.store.assignments.records()
    assert (made.dataset, made.metric, made.task) == ("mnist", "balanced_accuracy", "Improve the base.")
    assert made.budget == StoredBudget(runs=20, submissions=3)
    assert made.may_change == ("/model", "/training", "/augmentation")


def test_broken_spec_of_an_assignment_is_said(site: Site, teacher: str, open_page: OpenPage, watch: Watch) -> None:
    create_class(site, "Ann")
    page = enter(open_page, teacher, "#/class/set/biology-7b")
    page.get_by_label("Title").fill("Fewer errors")
    page.get_by_label("Spec (JSON)").fill("{")
    page.get_by_role("button", name="Create assignment").click()
    expect(page.get_by_role("alert")).to_contain_text("not JSON")
    page.get_by_label("Spec (JSON)").fill(json.dumps({"dataset": {"name": "digits"}, "model": {"preset": "nothing"}}))
    page.get_by_role("button", name="Create assignment").click()
    expect(page.get_by_role("alert")).to_contain_text("/base/model/preset")
    watch.forgive("422")


def test_teacher_moves_and_deletes_an_assignment(site: Site, teacher: str, open_page: OpenPage) -> None:
    create_class(site, "Ann")
    made = add_assignment(site.store)
    page = enter(open_page, teacher, f"#/class/assignment/{made.id}")
    page.get_by_role("button", name="Move the deadline").click()
    later = utc_now() + timedelta(days=2)
    page.get_by_label("Deadline", exact=True).fill(later.astimezone().strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert site.store.assignments.get(made.id).deadline > made.deadline

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No assignment yet.")).to_be_visible()


def test_teacher_replaces_a_key_and_removes(site: Site, teacher: str, open_page: OpenPage) -> None:
    keys = create_class(site, "Ann", "Bob")
    page = enter(open_page, teacher, "#/class/progress/biology-7b")
    with page.expect_download() as download:
        page.get_by_role("link", name="Report: Ann").click()
    assert "Ann" in Path(download.value.path()).read_text()
    page.get_by_role("button", name="New key: Ann").click()
    page.get_by_role("dialog").get_by_role("button", name="New key").click()
    expect(page.get_by_role("region", name="Cards")).to_contain_text("Ann")
    assert read_code(page).partition("#key=")[2] not in {"", keys["ann"]}
    page.get_by_role("button", name="Done").click()

    page.get_by_role("button", name="Remove: Bob").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Bob was removed")).to_be_visible()
    assert [each.handle for each in site.store.classes.get("biology-7b").students] == ["ann"]


def test_teacher_comments_on_a_run(site: Site, teacher: str, open_page: OpenPage) -> None:
    keys = create_class(site, "Ann")
    run = trained(site.store, "ann@biology-7b", name="mine")
    page = enter(open_page, teacher, f"#/run/{run.id}")
    page.get_by_label("Comment", exact=True).fill("What does the gap say?")
    page.get_by_role("button", name="Comment").click()
    expect(page.get_by_role("region", name="Comments")).to_contain_text("What does the gap say?")
    assert axe_findings(page) == []

    other = enter(open_page, keys["ann"], f"#/run/{run.id}")
    expect(other.get_by_role("region", name="Comments")).to_contain_text("What does the gap say?")
    expect(other.get_by_role("button", name="Comment")).to_have_count(0)


def test_student_submits_a_finished_run(site: Site, teacher: str, open_page: OpenPage) -> None:
    keys = create_class(site, "Ann", "Bob")
    made = add_assignment(site.store)
    bobs = trained(site.store, "bob@biology-7b", 0.5, name="bobs")
    site.store.assignments.submit(made.id, "bob@biology-7b", bobs, lambda: None)
    run = trained(site.store, "ann@biology-7b", 1.0, name="mine")

    page = enter(open_page, keys["ann"], f"#/run/{run.id}")
    page.get_by_role("button", name="Submit to “Fewer errors”").press("Enter")

    task = page.get_by_role("region", name="Fewer errors")
    expect(task).to_contain_text("Submitted to “Fewer errors”")
    expect(task).to_contain_text("Rank 1 of 2 with 1.0000 (95% interval")
    assert axe_findings(page) == []
    shot(page, "teaching-submit")
    theirs = enter(open_page, keys["ann"], f"#/run/{bobs.id}")
    expect(theirs.get_by_role("heading", name="bobs")).to_be_visible()
    expect(theirs.get_by_role("button", name="Submit")).to_have_count(0)


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_forms_fit_a_phone(site: Site, teacher: str, open_page: OpenPage, locale: str) -> None:
    create_class(site, "Ann")
    page = enter(open_page, teacher, "#/class/set/biology-7b", width=390, locale=locale, dark=True)
    page.locator("form").wait_for()
    assert axe_findings(page) == []
    assert sticking_out(page) == []
    shot(page, f"teaching-assignment-phone-{locale}")
    page.goto("/#/class")
    page.get_by_role("button", name="New class" if locale == "en-US" else "새 수업").click()
    page.locator("dialog textarea").fill("Ann\nBob\nWolfeschlegelsteinhausenbergerdorffwelchevoralternwaren")
    assert axe_findings(page) == []
    assert sticking_out(page) == []
    shot(page, f"teaching-class-phone-{locale}")
