"""What is photographed: every view in the states that people meet, and how a page gets there."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from playwright.sync_api import Page, Route

from tests.page.shots import documents
from tests.page.shots.material import MANY
from tests.page.strokes import SEVEN, draw

Ids = dict[str, str]


class Look(NamedTuple):
    """How a page is opened."""

    width: int
    dark: bool
    language: str

    def __str__(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}-{self.language}"


# Each row sees all sizes, both themes and both languages; all three together see every combination of two.
_ROWS = (
    (Look(1440, False, "en"), Look(1024, True, "ko"), Look(390, False, "ko")),
    (Look(1440, True, "ko"), Look(1024, False, "en"), Look(390, True, "en")),
    (Look(1440, False, "ko"), Look(1024, True, "en"), Look(390, True, "ko")),
)
ALL = tuple(
    Look(width, dark, language) for width in (1440, 1024, 390) for dark in (False, True) for language in ("en", "ko")
)


class Shot(NamedTuple):
    """`address` is the hash, with runs in braces: `run/{good}`. `ready` is a selector of what has to be there first."""

    name: str
    address: str
    ready: str = "main h1"
    act: Callable[[Page], Any] = lambda page: None
    is_empty: bool = False
    """Whether it is taken of a service without runs."""
    who: str = ""
    """Whose key is used of a service that asks for keys and has a class: `teacher`, `student`, `owner`, who may also
    upload, or `admin`."""

    @property
    def view(self) -> str:
        return self.address.partition("/")[0].partition("?")[0]

    def hash(self, ids: Ids) -> str:
        return "#/" + self.address.format_map(ids)


def looks_at(index: int) -> Sequence[Look]:
    """The looks of shot number `index`."""
    return _ROWS[index % len(_ROWS)]


def press(*keys: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return act


def click(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def fail(path: str, status: int = 503) -> Callable[[Page], None]:
    """Answer requests to `path` with a problem, and load the page again."""
    problem = {
        "type": "about:blank",
        "title": "Service unavailable",
        "status": status,
        "detail": "Redis at redis://127.0.0.1:6379/0 does not answer, so the list is unknown; start it and ask again",
    }

    def reject(route: Route) -> None:
        route.fulfill(status=status, json=problem, content_type="application/problem+json")

    def act(page: Page) -> None:
        page.route(path, reject)
        page.reload()
        page.locator("main [role=alert]").first.wait_for()

    return act


def open_columns(page: Page) -> None:
    """Phones have no columns."""
    button = page.locator("[popovertarget=runs-columns]")
    if button.is_visible():
        button.click()


def lose_events(page: Page) -> None:
    page.route("**/events*", lambda route: route.abort())
    page.reload()
    page.locator("main [role=status] .away").wait_for()
    page.locator("main [role=row] a").first.wait_for()


def name_students(page: Page) -> None:
    page.locator("header .actions .primary").click()
    page.locator("dialog input").first.fill("chemistry-8c")
    page.locator("dialog textarea").fill(f"Ann Müller\n김하늘\n{documents.UNBREAKABLE}")


def print_cards(page: Page) -> None:
    """A new class each time: a name is free once."""
    name_students(page)
    page.locator("dialog input").first.fill(f"c{time.time_ns()}")
    page.locator("dialog button[type=submit]").click()
    page.locator("main svg path").first.wait_for()


def start_from_preset(page: Page) -> None:
    page.locator("main select").first.select_option("preset mnist-cnn")


def reject_assignment(page: Page) -> None:
    page.locator("main input").first.fill(documents.LONG)
    page.locator("main textarea").nth(1).fill('{"dataset": {"name": "digits"}, "model": {"preset": "nothing"}}')
    page.locator("main form button[type=submit]").click()
    page.locator("main [role=alert]").wait_for()


def draw_seven(page: Page) -> None:
    draw(page, SEVEN)
    page.locator("article .large").first.wait_for()


def draw_and_look(page: Page) -> None:
    draw_seven(page)
    page.locator(".why button:enabled").click()
    page.locator(".why [role=status]").wait_for()


def write_faults(page: Page) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(
        "name: wrong\ndataset: {name: digits}\nmodel:\n  layers:\n    - {type: Conv2D, filters: -8, kernel_size: 3}\n"
        "    - {type: Dense, units: many, activation: swoosh}\ntraining: {epochs: 0, optimizer: {type: Adamm}}\n"
    )
    page.locator(".cm-lintRange-error").first.wait_for()


def type_numbers(page: Page) -> None:
    for index, value in enumerate(("1.5", "-2,25")):
        page.locator("main fieldset input").nth(index).fill(value)
    page.locator("article .large").wait_for()


def open_messages(page: Page) -> None:
    page.locator("main li details summary").last.click()
    page.locator("main li details li").first.wait_for()


def look_at_old_runs(page: Page) -> None:
    page.locator("main section button[aria-haspopup=dialog]").click()
    # By itself the service keeps more runs than there are.
    page.locator("dialog input").nth(1).fill("5")
    page.keyboard.press("Tab")
    page.locator("dialog li").first.wait_for()


def pause(page: Page) -> None:
    """The queue stays paused: nothing is photographed afterwards."""
    button = page.locator("main section > .spread .button.plain").first
    if not page.locator("main .paused").count():
        button.click()
    page.locator("main .paused").wait_for()


def open_actions(page: Page) -> None:
    """Only phones have them in a menu."""
    button = page.locator("[popovertarget=run-actions]")
    if button.is_visible():
        button.click()


def look_who_sees(page: Page) -> None:
    page.locator("header button[aria-haspopup=dialog]:has(path[d^='M3.5 7'])").click()
    page.locator("dialog footer .primary:enabled, dialog footer a").wait_for()


def choose_upload(page: Page) -> None:
    page.keyboard.press("a")
    page.locator("dialog input[type=file]").last.set_input_files(
        {"name": "butterflies.zip", "mimeType": "application/zip", "buffer": b"PK"}
    )
    page.locator("dialog input[type=checkbox]:enabled").check()


def open_preferences(page: Page) -> None:
    page.locator("[popovertarget=preferences]").click()
    page.locator("#preferences [name=privacy]").first.wait_for()


def _selected(count: int) -> str:
    return ",".join(f"{{sweep {index}}}" for index in range(MANY - count, MANY))


COLUMNS = "star,name,status,tags,notes,preset,worker,val_accuracy,id"
_PROGRESS = "main [role=progressbar], main progress"

SHOTS: tuple[Shot, ...] = (
    Shot("runs", "runs", "[role=gridcell], .card a"),
    Shot("runs-sorted", f"runs?sort=-val_accuracy&columns={COLUMNS}", "[role=gridcell]"),
    Shot("runs-filtered", "runs?filter=tags%3D3주차", "[role=gridcell]"),
    Shot("runs-nothing-found", "runs?filter=val_accuracy>2", "main h2"),
    Shot("runs-grouped", "runs?group=tags", "[role=gridcell]"),
    Shot("runs-selected", f"runs?select={_selected(6)}", "path.raw"),
    Shot("runs-many-selected", f"runs?select={_selected(60)}", "path.raw"),
    Shot("runs-columns", "runs", "[role=gridcell]", open_columns),
    Shot("runs-repeats", "runs?filter=group%3D{group}&group=group", "[role=gridcell]"),
    Shot("runs-failing", "runs", act=fail("**/experiments?*")),
    Shot("runs-away", "runs", act=lose_events),
    Shot("runs-empty", "runs", "main h2", is_empty=True),
    Shot("runs-tags", f"runs?select={_selected(3)}", "path.raw", click("main section header .button:has(svg):visible")),
    Shot("preferences", "runs", "[role=gridcell]", click("[popovertarget=preferences]")),
    Shot("help", "runs", "[role=gridcell]", press("?")),
    Shot("unknown", "nothing", "main h2"),
    Shot("run", "run/{good}", "path.raw"),
    Shot("run-network", "run/{good}/network", ".tab table"),
    Shot("run-confusion", "run/{good}/confusion", ".tab svg"),
    Shot("run-mistakes", "run/{good}/mistakes", ".tab img"),
    Shot("run-mistake", "run/{good}/mistakes", ".tab img", press("ArrowRight")),
    Shot("run-calibration", "run/{good}/calibration", ".tab svg"),
    Shot("run-files", "run/{good}/files", ".tab a"),
    Shot("run-based", "run/{better}", "path.raw"),
    Shot("run-based-network", "run/{better}/network", ".tab table"),
    Shot("run-hundred-classes", "run/{hundred}/confusion", ".tab svg"),
    Shot("run-hundred-mistakes", "run/{hundred}/mistakes", ".tab img", press("ArrowRight")),
    Shot("run-two-classes", "run/{two}/confusion", ".tab svg"),
    Shot("run-points", "run/{points}/mistakes?split=validation", ".tab"),
    Shot("run-hidden", "run/{points}", "path.raw"),
    Shot("run-hidden-confusion", "run/{points}/confusion", ".tab h2"),
    Shot("run-repeat", "run/{repeat}", "path.raw"),
    Shot("run-actions", "run/{better}", "path.raw", open_actions),
    Shot("run-one-epoch", "run/{one epoch}", ".series"),
    Shot("run-thousand-epochs", "run/{thousand}?smoothing=0.8", "path.raw"),
    Shot("run-diverged", "run/{diverged}", "[role=alert]"),
    Shot("run-nan", "run/{nan}", "path.raw"),
    Shot("run-internal", "run/{internal}", "[role=alert]"),
    Shot("run-internal-files", "run/{internal}/files", ".tab"),
    Shot("run-cancelled", "run/{cancelled}", "path.raw"),
    Shot("run-running", "run/{running training}", "path.raw"),
    Shot("run-starting", "run/{running starting}", "[role=progressbar]"),
    Shot("run-queued", "run/{queued 9}", "main h1"),
    Shot("run-fix", "run/{thousand}", "path.raw", click("main li .button.no-print")),
    Shot("run-unknown", "run/01M8K2J05J22343TVAXV668GS6", "main h2"),
    Shot("compare", "compare?ids={good},{better}", "main svg path.raw"),
    Shot("compare-many", f"compare?ids={_selected(7)}", "main svg path.raw"),
    Shot("compare-hundred", "compare?ids={hundred},{two}", "[role=alert]"),
    Shot("compare-nothing", "compare", "main h2"),
    Shot("lineage", "lineage/{last step}", "main ol li"),
    Shot("lineage-alone", "lineage/{two}", "main ol li"),
    Shot("lineage-nothing", "lineage", "main h2"),
    Shot("new", "new", "main ul li"),
    Shot("new-dataset", "new?dataset=hundred-classes", "main ul li"),
    Shot("new-preset", "new?preset=cifar10-best", ".cost"),
    Shot("new-from", "new?from={better}", ".cost"),
    Shot("new-sweep", "new?preset=digits-cnn&search=true", "main fieldset"),
    Shot("new-continue", "new?continue={good}", "main textarea, .cm-content"),
    Shot("new-added", "new?dataset=digits&add=digits-corrections", "main ul li"),
    Shot("new-faults", "new?preset=digits-cnn", ".cost", write_faults),
    Shot("new-empty", "new", "main ul li", is_empty=True),
    Shot("sweeps", "sweeps", "[role=gridcell] a"),
    Shot("sweeps-empty", "sweeps", "main h2", is_empty=True),
    Shot("sweep-live", "sweeps/{live trials}", "main path.raw"),
    Shot("sweep-repeated", "sweeps/{repeated trials}", "main path.raw"),
    Shot("sweep-many", "sweeps/{many trials}", "main path.raw"),
    Shot("sweep-one", "sweeps/{one trial}", "main path.raw"),
    Shot("sweep-new", "sweeps/{no trials}", "main section"),
    Shot("sweep-failed", "sweeps/{failed trials}", "[role=alert]"),
    Shot("sweep-budget", "sweeps/{live trials}", "main path.raw", click("header .actions [aria-haspopup=dialog]")),
    Shot("sweep-files", "sweeps/{repeated trials}", "main path.raw", click("main summary")),
    Shot("sweep-delete", "sweeps/{repeated trials}", "main path.raw", click("header .actions .danger")),
    Shot("sweep-unknown", "sweeps/01M8K2J05J22343TVAXV668GS6", "main h2"),
    Shot("data", "data", "main img"),
    Shot("data-digits", "data/digits", "main img"),
    Shot("data-hundred", "data/hundred-classes?class=aquarium_fish", "main img"),
    Shot("data-two", "data/butterflies", "main img"),
    Shot("data-sample", "data/butterflies?sample=3", "dialog img"),
    Shot("data-digit-sample", "data/digits?sample=3", "dialog img"),
    Shot("data-points", "data/blobs", "main h2"),
    Shot("data-corrections", "data/digits-corrections", "main img"),
    Shot("data-failed", "data/not-images", "[role=alert]"),
    Shot("data-queued", "data/flowers-of-the-botanical-garden-2026-unsorted-raw", _PROGRESS),
    Shot("data-converting", "data/half-converted", _PROGRESS),
    Shot("data-without-file", "data/cifar10", "main h2"),
    Shot("data-add", "data", "main img", press("a")),
    Shot("data-remove", "data/butterflies", "main img", click("header .danger")),
    Shot("data-reveal", "data/blobs", "main h2", click("main section.card > .row > button.button")),
    Shot("data-unknown", "data/nothing", "main h2"),
    Shot("data-empty", "data", "main a", is_empty=True),
    Shot("draw", "draw?dataset=digits", "#board"),
    Shot("draw-answer", "draw?dataset=digits", "#board", draw_and_look),
    Shot("draw-duel", "draw?dataset=digits&ids={good},{last step},{better}", "#board", draw_seven),
    Shot("draw-duel-choice", "draw?dataset=digits", "#board", click("[aria-haspopup=dialog]")),
    Shot("draw-row", "draw?dataset=digits&row=true", "#board", draw_seven),
    Shot("draw-hundred", "draw?dataset=hundred-classes", "#board", draw_seven),
    Shot("draw-two", "draw?dataset=butterflies", "#board", draw_seven),
    Shot("draw-points", "draw?dataset=blobs", "main fieldset", type_numbers),
    Shot("draw-camera", "draw?dataset=digits", "#board", click(".tools .end .button:nth-last-of-type(2)")),
    Shot("draw-empty", "draw", "main h2", is_empty=True),
    Shot("serving", "serving", "main section"),
    Shot("serving-empty", "serving", "main h2", is_empty=True),
    Shot("machines", "machines", "main article"),
    Shot("machines-empty", "machines", "main h2", is_empty=True),
    Shot("machines-messages", "machines", "main details", open_messages),
    Shot("machines-prune", "machines", "main details", look_at_old_runs),
    Shot("machines-curl", "machines", "main details", click("main section > details.no-print summary")),
    Shot("machines-paused", "machines", "main details", pause),
    Shot("class", "class", "main section.card", who="teacher"),
    Shot("class-new", "class", "main section.card", name_students, who="teacher"),
    Shot("class-cards", "class", "main section.card", print_cards, who="teacher"),
    Shot("class-progress", "class/progress/biology-7b", "main li", who="teacher"),
    Shot("class-remove", "class/progress/biology-7b", "main li", click("main li .button:last-child"), who="teacher"),
    Shot("class-assignment", "class/assignment/{assignment}", "main li", who="teacher"),
    Shot(
        "class-deadline",
        "class/assignment/{assignment}",
        "main li",
        click("header .actions .button:not(.danger):not(.only-wide)"),
        who="teacher",
    ),
    Shot("class-nobody", "class/assignment/{nobody}", "main dl", who="teacher"),
    Shot("class-set", "class/set/biology-7b", "main form", start_from_preset, who="teacher"),
    Shot("class-set-rejected", "class/set/biology-7b", "main form", reject_assignment, who="teacher"),
    Shot("class-comment", "run/{submitted}", "path.raw", who="teacher"),
    Shot("class-student", "class", "main section.card", who="student"),
    Shot("class-student-assignment", "class/assignment/{assignment}", "main li", who="student"),
    Shot("class-student-run", "run/{finished}", "main section.card .primary", who="student"),
    Shot("class-student-submitted", "run/{submitted}", "main section.card [role=status]", who="student"),
    Shot("class-empty", "class", "main h2", is_empty=True),
    Shot("access", "access", "main section", who="owner"),
    Shot("access-new", "access", "main section", click("header .actions .primary"), who="owner"),
    Shot("access-admin", "access", "main table", who="admin"),
    Shot("access-limits", "access", "main table", click("main table button"), who="admin"),
    Shot("private-runs", "runs", "main [role=img]", who="owner"),
    Shot("private-run", "run/{private}", "path.raw", look_who_sees, who="owner"),
    Shot("private-shown", "run/{finished}", "path.raw", look_who_sees, who="owner"),
    Shot("private-taught", "run/{private}", "path.raw", who="teacher"),
    Shot("private-trial", "run/{private trial}", "main h1", look_who_sees, who="owner"),
    Shot("private-sweeps", "sweeps", "main [role=img]", who="owner"),
    Shot("private-sweep", "sweeps/{private sweep}", "main section", look_who_sees, who="owner"),
    Shot("private-data", "data", "main [role=img]", who="owner"),
    Shot("private-dataset", "data/my-butterflies", "main img", look_who_sees, who="owner"),
    Shot("private-upload", "data", "main [role=img]", choose_upload, who="owner"),
    Shot("private-new", "new?preset=digits-cnn", ".cost", who="owner"),
    Shot("private-new-sweep", "new?preset=digits-cnn&search=true", "main fieldset", who="owner"),
    Shot("private-new-on", "new?preset=folder-cnn-shallow&dataset=my-butterflies", "main input:disabled", who="owner"),
    Shot("private-preferences", "runs", "main [role=img]", open_preferences, who="owner"),
)  # fmt: skip
