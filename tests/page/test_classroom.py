"""A class on the page: what a teacher and a student see, and what a student submits."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Page, expect

from models_store.classes.store import STUDENT_SCOPES
from models_store.experiments.comments import Comment, add_comment
from models_store.jobs.failure import Failure
from settings import Settings
from specs.access import KeyScope, KeySpec
from specs.classroom import parse_class
from specs.experiment import parse_spec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.page.layout import sticking_out
from tests.support.classroom import BASE, add_assignment, close, trained
from tests.support.site import Site
from tests.support.store import LEASE_SECONDS
from tests.support.valkey import Valkey

pytestmark = [pytest.mark.processes, needs_page]
NAMES = ("Ann Müller", "Bob", "Cem Özgür-Wolfeschlegelsteinhausenbergerdorff", "Dora")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def site(settings: Settings, valkey: Valkey) -> Iterator[Site]:
    site = Site(settings.model_copy(update={"auth": "keys", "lease_seconds": LEASE_SECONDS}))
    yield site
    site.close()


class Classroom(NamedTuple):
    teacher: str
    keys: dict[str, str]
    assignment: str


@pytest.fixture
def classroom(site: Site) -> Classroom:
    """Three students have submitted something, the second one leads; the fourth has started nothing."""
    store = site.store
    tina, teacher = store.keys.create(KeySpec(scopes=(*STUDENT_SCOPES, KeyScope.TEACH)), "tina")
    made, keys = store.classes.create(parse_class({"name": "biology-7b", "students": list(NAMES)}), tina)
    assignment = add_assignment(store, task="Improve the base by changing the network.")
    for student, accuracy in zip(made.students[:3], (0.7, 0.8, 0.3), strict=True):
        run = trained(store, student.owner, accuracy, name=f"run of {student.handle}")
        store.assignments.submit(assignment.id, student.owner, run, lambda: None)
    return Classroom(teacher, {student.handle: token for student, _, token in keys}, assignment.id)


def enter(open_page: OpenPage, key: str, hash_: str, **options: object) -> Page:
    page = open_page(f"#key={key}", **options)
    page.get_by_role("navigation").first.wait_for()
    page.goto(f"/{hash_}")
    return page


def test_student_submits_a_run(site: Site, classroom: Classroom, open_page: OpenPage) -> None:
    better = trained(site.store, "ann-muller@biology-7b", 1.0, name="better")
    page = enter(open_page, classroom.keys["ann-muller"], "#/class")
    page.get_by_role("link", name="Fewer errors").click()
    board = page.get_by_role("region", name="Leaderboard")
    expect(board.get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_text("4 submissions are left.")).to_be_visible()

    page.get_by_label("A run of yours").select_option(better.id)
    page.get_by_role("button", name="Submit").press("Enter")

    expect(page.get_by_text("3 submissions are left.")).to_be_visible()
    expect(board.get_by_role("listitem").first).to_contain_text("Ann Müller")
    expect(board.get_by_role("listitem").first).to_contain_text("2 of 5 submissions")


def test_broken_rule_is_shown(site: Site, classroom: Classroom, open_page: OpenPage, watch: Watch) -> None:
    run = trained(site.store, "bob@biology-7b", name="smaller", preprocessing={"image_size": [14, 14]})
    page = enter(open_page, classroom.keys["bob"], f"#/class/assignment/{classroom.assignment}")

    page.get_by_label("A run of yours").select_option(run.id)
    page.get_by_role("button", name="Submit").click()

    expect(page.get_by_role("alert")).to_contain_text("only /model, /training may differ")
    expect(page.get_by_text("4 submissions are left.")).to_be_visible()
    watch.forgive("422")


def test_final_half_is_shown_after_the_deadline(site: Site, classroom: Classroom, open_page: OpenPage) -> None:
    close(site.store, classroom.assignment)

    page = enter(open_page, classroom.keys["bob"], f"#/class/assignment/{classroom.assignment}")

    expect(page.get_by_text("Final scores")).to_be_visible()
    board = page.get_by_role("region", name="Leaderboard")
    expect(board.get_by_role("link", name="run of bob")).to_be_visible()
    expect(page.get_by_label("A run of yours")).to_have_count(0)


def test_teacher_sees_who_is_stuck(site: Site, classroom: Classroom, open_page: OpenPage) -> None:
    failed = site.store.experiments.create(parse_spec(BASE), owner="bob@biology-7b")
    with site.store.experiments.lock(failed.id) as record:
        site.store.experiments.write(record.fail(Failure(type="out_of_memory", message="too large")))
    page = enter(open_page, classroom.teacher, "#/class")

    page.get_by_role("link", name="Progress").click()

    dora = page.get_by_role("listitem").filter(has_text="Dora")
    expect(dora).to_contain_text("Has started nothing yet.")
    expect(dora).to_contain_text("not started")
    expect(dora).not_to_contain_text("stuck")
    expect(page.get_by_text("1 stuck")).to_be_visible()
    expect(page.get_by_text("1 not started")).to_be_visible()
    students = page.get_by_role("main").get_by_role("listitem")
    expect(students.nth(0)).to_contain_text("the last run failed: too large")
    expect(students.nth(1)).to_contain_text("Dora")


def test_comment_is_shown_to_the_student(site: Site, classroom: Classroom, open_page: OpenPage) -> None:
    run = trained(site.store, "bob@biology-7b", name="mine")
    text = "What does the gap say?\n<b>Look</b> at epoch 2."
    add_comment(site.store.experiments.folder(run.id), Comment(author="tina", text=text))

    page = enter(open_page, classroom.keys["bob"], f"#/run/{run.id}")

    comments = page.get_by_role("region", name="Comments")
    expect(comments).to_contain_text("tina")
    expect(comments).to_contain_text("<b>Look</b> at epoch 2.")
    assert axe_findings(page) == []
    shot(page, "class-comment")


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
@pytest.mark.parametrize("width", [1440, 390])
def test_class_is_accessible_and_fits(classroom: Classroom, open_page: OpenPage, width: int, locale: str) -> None:
    for key, views in (
        (classroom.teacher, ("#/class", "#/class/progress/biology-7b", f"#/class/assignment/{classroom.assignment}")),
        (classroom.keys["ann-muller"], (f"#/class/assignment/{classroom.assignment}",)),
    ):
        page = enter(open_page, key, "#/class", width=width, locale=locale)
        for place, view in enumerate(views):
            page.goto(f"/{view}")
            page.locator("main li").first.wait_for()
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                shot(page, f"class-{len(views)}-{place}-{width}-{locale}-{scheme}")
                assert axe_findings(page) == [], (view, scheme)
            assert sticking_out(page) == [], view
