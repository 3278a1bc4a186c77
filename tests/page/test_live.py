"""Pages that stay open: while the tab is hidden, while the service is away, seven at a time, for an hour."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from models_store import keys
from specs.experiment import ExperimentSpec
from tests.page.built import needs_page
from tests.page.conftest import Begin, OpenPage, Watch, hide
from tests.support.published import point, publish
from tests.support.site import Site
from tests.support.waiting import eventually

pytestmark = [pytest.mark.processes, needs_page]

Spec = Callable[..., ExperimentSpec]
# What the browser says of a service that is away.
BROKEN = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_NETWORK_CHANGED")
TABS = 7


def expect_epochs(page: Page, count: int) -> None:
    """The curve ends with epoch `count`, and has each of them once."""
    chart, readings = page.get_by_role("img", name=re.compile("^loss")), page.locator(".readings").first

    def is_at_the_end() -> bool:
        chart.focus()
        page.keyboard.press("End")
        return re.search(rf"epoch {count}\b", readings.inner_text()) is not None

    eventually(is_at_the_end)
    page.keyboard.press("Home")
    for epoch in range(1, count + 1):
        expect(readings).to_contain_text(re.compile(rf"epoch {epoch}\b"))
        page.keyboard.press("ArrowRight")


def is_stream(request: Request) -> bool:
    return "/events" in request.url


def test_list_that_hangs_holds_up_no_stream(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("one"))
    page = open_page()
    page.clock.install()
    # The first is never answered.
    page.route("**/experiments?*", lambda _: None, times=1)
    with page.expect_request("**/experiments?*"):
        page.reload(wait_until="commit")
    page.clock.fast_forward(5_000)
    expect(page.locator("a.name")).to_have_text(["one"])
    publish(site.store, tiny_spec("two"))
    expect(page.locator("a.name")).to_have_text(["two", "one"])


# -- hidden ----------------------------------------------------------------------------------------------------------


def test_hidden_page_asks_nothing(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("one"))
    page = open_page()
    expect(page.locator("a.name")).to_have_text(["one"])
    with page.expect_event("requestfailed", is_stream):
        hide(page, hidden=True)
    asked = len(watch.requests)
    publish(site.store, tiny_spec("two"))
    hide(page, hidden=False)
    expect(page.locator("a.name")).to_have_text(["two", "one"])
    assert [each.split("=")[0] for each in watch.requests[asked:]] == ["GET /events?since"]


def test_sleeper_gets_the_epochs_it_missed(begin: Begin, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    claim = begin(tiny_spec(epochs=20), epochs=2)
    page = open_page(f"#/run/{claim.id}")
    expect_epochs(page, 2)
    hide(page, hidden=True)
    asked = len(watch.requests)
    for epoch in range(2, 6):
        claim.append(point(epoch))
    hide(page, hidden=False)
    expect_epochs(page, 6)
    assert not [each for each in watch.requests[asked:] if each.endswith("/history")]


def test_sleeper_beyond_the_stream_fetches_again(
    site: Site, begin: Begin, open_page: OpenPage, watch: Watch, tiny_spec: Spec
) -> None:
    claim = begin(tiny_spec(epochs=20), epochs=2)
    page = open_page(f"#/run/{claim.id}")
    expect_epochs(page, 2)
    hide(page, hidden=True)
    asked = len(watch.requests)
    for epoch in range(2, 5):
        claim.append(point(epoch))
    site.stop()
    site.store.redis.delete(keys.EVENTS)
    site.start()
    hide(page, hidden=False)
    expect_epochs(page, 5)
    assert len([each for each in watch.requests[asked:] if each.endswith("/history")]) == 1


# -- away ------------------------------------------------------------------------------------------------------------


def test_list_outlives_the_service(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("one"))
    page = open_page()
    expect(page.locator("a.name")).to_have_text(["one"])
    site.stop()
    expect(page.get_by_text("The service is away")).to_be_visible()
    expect(page.locator("a.name")).to_have_text(["one"])
    publish(site.store, tiny_spec("two"))
    site.start()
    expect(page.get_by_text("The service is away")).to_be_hidden()
    expect(page.locator("a.name")).to_have_text(["two", "one"])
    watch.forgive(*BROKEN)


def test_curve_goes_on_after_a_restart(
    site: Site, begin: Begin, open_page: OpenPage, watch: Watch, tiny_spec: Spec
) -> None:
    claim = begin(tiny_spec(epochs=20), epochs=2)
    page = open_page(f"#/run/{claim.id}")
    expect_epochs(page, 2)
    site.stop()
    expect(page.get_by_text("The service is away")).to_be_visible()
    expect_epochs(page, 2)
    claim.append(point(2))
    site.start()
    claim.append(point(3))
    expect(page.get_by_text("The service is away")).to_be_hidden()
    expect_epochs(page, 4)
    watch.forgive(*BROKEN)


def test_draft_is_judged_when_the_service_is_back(site: Site, open_page: OpenPage, watch: Watch) -> None:
    page = open_page("#/new?preset=digits-cnn")
    status = page.get_by_role("main").get_by_role("status")
    expect(status.get_by_text("Valid")).to_be_visible()
    site.stop()
    page.get_by_label("Name").fill("written while away")
    page.get_by_label("Name").press("Enter")
    expect(status.get_by_text("The service is away", exact=True)).to_be_visible()
    site.start()
    expect(status.get_by_text("Valid")).to_be_visible()
    expect(page.get_by_role("textbox", name="Spec")).to_contain_text("name: written while away")
    watch.forgive(*BROKEN)


# -- many tabs, long hours -------------------------------------------------------------------------------------------


def test_seven_tabs_of_a_browser_all_answer(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    """A browser opens six connections to a host: a stream in each of the tabs would leave none for anything else."""
    publish(site.store, tiny_spec("one"))
    tabs = [open_page()]
    while len(tabs) < TABS:
        hide(tabs[-1], hidden=True)
        tabs.append(tabs[0].context.new_page())
        watch.follow(tabs[-1])
        tabs[-1].goto("/")
        expect(tabs[-1].locator("a.name")).to_have_text(["one"])
    publish(site.store, tiny_spec("two"))
    expect(tabs[-1].locator("a.name")).to_have_text(["two", "one"])
    for before, tab in zip([tabs[-1], *tabs], tabs, strict=False):
        hide(before, hidden=True)
        hide(tab, hidden=False)
        expect(tab.locator("a.name")).to_have_text(["two", "one"])
        tab.get_by_role("button", name="Star one").click()
        tab.get_by_role("button", name="Remove the star of one").click()
        expect(tab.get_by_role("button", name="Star one")).to_be_visible()


@pytest.mark.parametrize("view", ["#/runs?select=ID", "#/run/ID", "#/data/digits", "#/serving", "#/machines", "#/draw"])
def test_nothing_is_asked_for_on_a_timer(
    site: Site, begin: Begin, open_page: OpenPage, watch: Watch, tiny_spec: Spec, view: str
) -> None:
    publish(site.store, tiny_spec("done"))
    claim = begin(tiny_spec(epochs=20), epochs=2)
    page = open_page("#/nothing")
    page.clock.install()
    page.reload()
    expect(page.locator("h1")).to_be_visible()
    asked = len(watch.requests)
    page.goto(f"/{view.replace('ID', claim.id)}")
    expect(page.locator("main :is([role=row], .card, #board)").first).to_be_visible()
    for _ in range(10):
        page.clock.run_for(60_000)
    # A stream without a sign of life is opened again.
    repeated = Counter(each for each in watch.requests[asked:] if "/events" not in each)
    assert [each for each, times in repeated.items() if times > 1] == []
