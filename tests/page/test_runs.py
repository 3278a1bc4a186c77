"""The list of runs, as people use it."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Route, expect

from models_store.experiments.claim import TrainingClaim
from specs.experiment import ExperimentSpec
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.support.published import point, publish
from tests.support.site import Site

pytestmark = [pytest.mark.processes, needs_page]

Spec = Callable[..., ExperimentSpec]


def test_empty_list_says_what_to_do(site: Site, open_page: OpenPage) -> None:
    page = open_page()
    expect(page.get_by_text("No runs yet")).to_be_visible()
    expect(page.get_by_role("link", name="New run").first).to_have_attribute("href", "#/new")


def test_runs_are_listed_newest_first(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    for name in ("first", "second"):
        publish(site.store, tiny_spec(name))
    page = open_page()
    expect(page.locator("a.name")).to_have_text(["second", "first"])
    expect(page.get_by_text("2 runs")).to_be_visible()
    shot(page, "runs")


def test_new_run_and_its_epochs_appear(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    page = open_page()
    expect(page.get_by_text("No runs yet")).to_be_visible()
    record = site.store.experiments.create(tiny_spec("live", epochs=3))
    expect(page.locator("a.name")).to_have_text(["live"])
    expect(page.get_by_title("queued")).to_be_visible()
    claim = TrainingClaim.acquire(site.store.training_jobs, record.id, worker="test:1")
    assert claim is not None
    claim.begin_history([])
    claim.append(point(0))
    claim.append(point(1))
    expect(page.get_by_role("row", name=re.compile("live.*running"))).to_contain_text("2")
    assert len([each for each in watch.requests if "/experiments" in each]) == 1
    assert len([each for each in watch.requests if "/events" in each]) == 1


def test_run_posted_behind_the_list_appears(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    """The stream is opened when the list was read, and tells what has changed since."""
    publish(site.store, tiny_spec("listed"))
    page = open_page("#/nothing")

    def post(route: Route) -> None:
        site.store.experiments.create(tiny_spec("posted"))
        route.continue_()

    # Otherwise the view changes without a load, which may or may not have asked before the next one.
    page.goto("about:blank")
    page.route(re.compile("/events"), post, times=1)
    asked = len(watch.requests)
    page.goto("/#/runs")
    expect(page.locator("a.name")).to_have_text(["posted", "listed"])
    requests = [each for each in watch.requests[asked:] if re.search("/(events|experiments)", each)]
    assert [re.sub("=.*", "", each) for each in requests] == ["GET /experiments?fields", "GET /events?since"]


def test_filter_and_sort_are_in_the_link(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    for name, accuracy in (("low", 0.5), ("high", 0.95), ("middle", 0.9)):
        publish(site.store, tiny_spec(name), val_accuracy=accuracy)
    page = open_page()
    page.get_by_role("button", name="val_accuracy", exact=True).click()
    expect(page.locator("a.name")).to_have_text(["high", "middle", "low"])
    page.get_by_role("searchbox").fill("val_accuracy>0.6")
    expect(page.locator("a.name")).to_have_text(["high", "middle"])
    expect(page).to_have_url(re.compile("sort=-val_accuracy"))
    page.reload()
    expect(page.locator("a.name")).to_have_text(["high", "middle"])


def test_filter_by_a_field_of_the_spec(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("small", batch_size=8))
    publish(site.store, tiny_spec("large", batch_size=64))
    page = open_page("#/runs?filter=training.batch_size%3D8")
    expect(page.locator("a.name")).to_have_text(["small"])


def test_star_is_kept(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("kept"))
    page = open_page()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_role("button", name="Star kept").click()
    expect(page.get_by_role("button", name="Remove the star of kept")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Remove the star of kept")).to_be_visible()


def test_tags_are_added_to_the_selection(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("one", tags=("old",)))
    publish(site.store, tiny_spec("two"))
    page = open_page()
    page.get_by_label("Select one").check()
    page.get_by_label("Select two").check()
    page.get_by_role("region", name="selected").get_by_role("button", name="Tags").click()
    page.get_by_label("Tags, separated by commas").fill("new")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Tags saved")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("one")).locator(".tag")).to_have_text(["old", "new"])


def test_hundreds_are_tagged_at_once(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    """Of requests that may outlast their page, browsers fail those beyond 64 KiB in all."""
    records = [site.store.experiments.create(tiny_spec(f"run {index}")) for index in range(300)]
    tags = [f"{index} {'x' * 46}" for index in range(8)]
    page = open_page(f"#/runs?select={','.join(record.id for record in records)}")
    page.get_by_role("region", name="selected").get_by_role("button", name="Tags").click()
    dialog = page.get_by_role("dialog", name="Tags of 300 runs")
    dialog.get_by_label("Tags, separated by commas").fill(",".join(tags))
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Tags saved")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert {site.store.experiments.get(record.id).tags for record in records} == {tuple(tags)}


def test_selection_shows_curves(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    for name in ("one", "two"):
        publish(site.store, tiny_spec(name), epochs=4)
    page = open_page()
    page.get_by_label("Select one").check()
    page.get_by_label("Select two").check()
    chart = page.get_by_role("img", name=re.compile("^val_loss"))
    expect(chart.locator("path.raw")).to_have_count(2)
    chart.focus()
    page.keyboard.press("End")
    expect(page.locator(".readings").first).to_contain_text("epoch 4")
    page.get_by_role("button", name="Seconds").click()
    expect(page).to_have_url(re.compile("x=seconds"))
    chart.focus()
    page.keyboard.press("End")
    expect(page.locator(".readings").first).to_contain_text("seconds 0.4")
    shot(page, "runs-selected")


def test_group_shows_mean_and_deviation(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    for accuracy in (0.8, 0.9):
        publish(site.store, tiny_spec("seeds"), val_accuracy=accuracy)
    page = open_page("#/runs?group=name")
    row = page.get_by_role("row", name=re.compile("seeds"))
    expect(row).to_contain_text("0.8500 ± 0.071")
    page.get_by_role("button", name="seeds").click()
    expect(page.locator("a.name")).to_have_text(["seeds", "seeds"])


@pytest.mark.parametrize(("locale", "title"), [("en-US", "Runs"), ("ko-KR", "실험"), ("en-US@posix", "Runs")])
def test_page_speaks_the_readers_language(
    site: Site, open_page: OpenPage, tiny_spec: Spec, locale: str, title: str
) -> None:
    publish(site.store, tiny_spec("one"))
    page = open_page(locale=locale)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("a.name")).to_have_text(["one"])


def test_phone_shows_cards_that_fit(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("a name that is longer than the width of any phone in portrait"))
    page = open_page(width=390)
    expect(page.get_by_role("link", name=re.compile("a name"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "runs-phone")


def test_sorted_list_is_fetched_at_once(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("one"))
    page = open_page("#/runs?sort=-val_accuracy")
    expect(page.locator("a.name")).to_have_text(["one"])
    asked = [each.partition("limit=")[2] for each in watch.requests if "/experiments?" in each]
    assert asked == ["1000"]


def test_unknown_view_is_said(site: Site, open_page: OpenPage) -> None:
    browser_page = open_page("#/runs")
    browser_page.goto("/#/nothing")
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("No such view")


def test_five_thousand_runs_draw_a_screenful(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    publish(site.store, tiny_spec("many"))

    def multiply(route: Route) -> None:
        answer = route.fetch(url=re.sub("&cursor=\\d+", "", route.request.url)).json()
        [one] = answer["items"]
        query = dict(parse_qsl(urlsplit(route.request.url).query))
        end = int(query.get("cursor", 0)) + int(query["limit"])
        numbers = range(int(query.get("cursor", 0)), min(5000, end))
        items = [{**one, "id": f"{index:026d}", "name": f"run {index}"} for index in numbers]
        next_cursor = str(end) if end < 5000 else None
        route.fulfill(json={**answer, "items": items, "total": 5000, "next_cursor": next_cursor})

    page = open_page("#/nothing")
    page.route(re.compile("/experiments\\?"), multiply)
    page.goto("/#/runs")
    expect(page.get_by_text("5000 runs")).to_be_visible()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "5001")
    page.evaluate("new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    assert page.locator("[role=row]").count() < 80
    page.get_by_role("grid").evaluate("grid => grid.scrollTop = grid.scrollHeight")
    expect(page.locator("a.name").last).to_have_text("run 4999")
    asked = [each.partition("limit=")[2] for each in watch.requests if "/experiments?" in each]
    assert asked == ["60", "1000", *(f"1000&cursor={end}" for end in range(1000, 5000, 1000))]
    assert page.locator("[role=row]").count() < 80
    page.get_by_role("button", name="Name", exact=True).click()
    page.get_by_role("grid").evaluate("grid => grid.scrollTop = 0")
    expect(page.locator("a.name").first).to_have_text("run 0")
