"""Names as long as they may be, in words, without a space, and in Korean, stay within the cards of every view."""

import pytest
from playwright.sync_api import Page

from models_store.experiments.record import Record
from models_store.jobs.workers import Worker
from specs.experiment import parse_spec
from tests.page.built import needs_page
from tests.page.conftest import Begin, OpenPage
from tests.page.layout import sticking_out
from tests.page.open_requests import OpenRequests
from tests.page.shots.documents import KOREAN, KOREAN_NOTES, LONG, MANY_TAGS, NOTES, UNBREAKABLE, on_digits
from tests.page.shots.views import draw_seven
from tests.page.trained import digits_network
from tests.support.published import publish
from tests.support.site import Site

pytestmark = needs_page

NAMES = (LONG, UNBREAKABLE, KOREAN)
VIEWS = (
    "runs",
    "runs?select={ids}",
    "runs?group=name",
    "run/{last}",
    *(f"run/{{last}}/{tab}" for tab in ("network", "confusion", "mistakes", "calibration", "files")),
    "run/{running}",
    "run/{queued}",
    "compare?ids={ids}",
    "lineage/{last}",
    "new",
    "new?from={last}",
    "data",
    "data/digits",
    "serving",
    "machines",
)


@pytest.fixture
def addresses(site: Site, begin: Begin) -> list[str]:
    """Each view with three published runs, each based on the one before, one that runs, and one that waits."""
    records: list[Record] = []
    for name, notes in zip(NAMES, (NOTES, "", KOREAN_NOTES), strict=True):
        labels = {"notes": notes, "tags": MANY_TAGS, "based_on": records[-1].id if records else None}
        spec = parse_spec(on_digits(name, labels=labels, epochs=len(records) + 2))
        records.append(publish(site.store, spec, 0.8 + 0.05 * len(records), network=digits_network()))
    worker = f"{UNBREAKABLE[:60]}:12345"
    site.store.workers.beat(Worker(name=worker, hostname=UNBREAKABLE[:60], pid=12345))
    running = begin(parse_spec(on_digits(KOREAN, epochs=9)), epochs=2, worker=worker)
    queued = site.store.experiments.create(parse_spec(on_digits(UNBREAKABLE, epochs=9)))
    ids = ",".join(record.id for record in records)
    return [view.format(ids=ids, last=records[-1].id, running=running.id, queued=queued.id) for view in VIEWS]


@pytest.mark.parametrize(("width", "locale"), [(1440, "en-US"), (1024, "ko-KR"), (390, "ko-KR"), (390, "en-US")])
def test_long_names_stay_inside(open_page: OpenPage, addresses: list[str], width: int, locale: str) -> None:
    page = open_page("#/nothing", width=width, locale=locale)
    found = {address: faults for address in addresses if (faults := faults_at(page, address))}
    assert found == {}


def faults_at(page: Page, address: str) -> list[str]:
    requests = OpenRequests(page)
    page.goto(f"/#/{address}")
    requests.wait()
    return sticking_out(page)


def test_answers_of_a_duel_stay_inside(open_page: OpenPage, addresses: list[str]) -> None:
    [ids] = [address.partition("=")[2] for address in addresses if address.startswith("compare")]
    for width in (1440, 390):
        page = open_page(f"#/draw?dataset=digits&ids={ids}", width=width)
        draw_seven(page)
        assert sticking_out(page) == []
