"""What users write is text in every view: no element comes of it, and nothing runs."""

import pytest
from playwright.sync_api import Dialog

from models_store.experiments.record import Record
from models_store.jobs.workers import Worker
from specs.experiment import parse_spec
from tests.page.built import needs_page
from tests.page.conftest import Begin, OpenPage
from tests.page.open_requests import OpenRequests
from tests.page.shots.documents import on_digits
from tests.page.test_long_names import VIEWS
from tests.page.trained import digits_network
from tests.support.published import publish
from tests.support.site import Site

pytestmark = needs_page

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "javascript:alert(1)",
    "{@html '<b id=injected>'}</script><script>alert(1)</script>",
)
_INJECTED = "img[src='x'], svg[onload], #injected, [href^='javascript:'], [onerror], script:not([src])"


@pytest.fixture
def addresses(site: Site, begin: Begin) -> list[str]:
    """Each view with published runs, each based on the one before, one that runs, and one that waits."""
    records: list[Record] = []
    for name in HOSTILE:
        tags = [each[:30] for each in HOSTILE]
        labels = {"notes": "\n".join(HOSTILE), "tags": tags, "based_on": records[-1].id if records else None}
        records.append(publish(site.store, parse_spec(on_digits(name, labels=labels)), network=digits_network()))
    site.store.workers.beat(Worker(name=f"{HOSTILE[0]}:1", hostname=HOSTILE[1], pid=1))
    running = begin(parse_spec(on_digits(HOSTILE[0], epochs=9)), epochs=2, worker=f"{HOSTILE[0]}:1")
    queued = site.store.experiments.create(parse_spec(on_digits(HOSTILE[1], epochs=9)))
    ids = ",".join(record.id for record in records[:3])
    return [view.format(ids=ids, last=records[-1].id, running=running.id, queued=queued.id) for view in VIEWS]


def test_what_users_write_is_text(open_page: OpenPage, addresses: list[str]) -> None:
    page = open_page("#/nothing")
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    requests = OpenRequests(page)
    shown = ""
    for address in addresses:
        page.goto(f"/#/{address}")
        requests.wait()
        assert page.locator(_INJECTED).count() == 0, address
        shown += page.locator("body").inner_text()
    assert dialogs == []
    assert all(each in shown for each in HOSTILE)

    _, run_id = next(address for address in addresses if address.startswith("run/")).split("/")
    page.goto(f"/experiments/{run_id}/report.html")
    assert page.locator(_INJECTED).count() == 0
