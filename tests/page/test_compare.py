"""The view Compare: verdict, differences, metrics, flipped samples, and runs that cannot be compared."""

import re

from playwright.sync_api import expect

from models_store.experiments.record import Record
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch, shot
from tests.support.contract import JsonObject
from tests.support.published import publish, results_on
from tests.support.site import Site

pytestmark = needs_page


def publish_pair(site: Site, document: JsonObject) -> tuple[Record, Record]:
    """Two experiments evaluated on the same fifty samples: the second has a Dropout and fewer errors."""
    digits = DATASETS["digits"]
    first = publish(site.store, parse_spec(document), results=results_on(digits, 0.8))
    layers = [{"type": "Flatten"}, {"type": "Dropout", "rate": 0.2}, {"type": "Dense"}]
    changed = {**document, "name": "tiny-dropout", "based_on": first.id, "model": {"layers": layers}}
    return first, publish(site.store, parse_spec(changed), results=results_on(digits, 0.92, seed=1))


def test_two_runs_are_compared(site: Site, open_page: OpenPage, tiny_document: JsonObject) -> None:
    first, second = publish_pair(site, tiny_document)
    page = open_page(f"#/compare?ids={first.id},{second.id}")
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict).to_contain_text("tiny-dropout is better than tiny by 12.00 points.")
    expect(verdict).to_contain_text("It fixed 6 errors and regressed on 0 samples.")

    changed = page.get_by_role("region", name="What differs").get_by_role("row")
    expect(changed.nth(1)).to_have_text(re.compile(r"model\.layers\s*\S\s*Dropout rate=0\.2"))
    metrics = page.get_by_role("region", name="Metrics").get_by_role("row")
    expect(metrics.nth(2)).to_contain_text("92.00%")
    expect(page.get_by_role("img", name=re.compile("tiny-dropout minus tiny"))).to_be_visible()

    fixed = page.get_by_role("list", name="tiny-dropout right, tiny wrong: 6 images")
    image = fixed.get_by_role("img").first
    assert image.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 8
    fixed.get_by_role("button").first.click()
    expect(page.get_by_role("dialog").get_by_text("True class")).to_be_visible()
    assert axe_findings(page) == []
    shot(page, "compare")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="loss").click()
    expect(page.get_by_role("img", name=re.compile("^val_loss"))).to_be_visible()
    page.get_by_role("button", name="Seconds").click()
    expect(page).to_have_url(re.compile("x=seconds"))
    page.get_by_role("button", name="Compare the others with tiny-dropout").click()
    expect(verdict).to_contain_text("tiny is worse than tiny-dropout by 12.00 points.")


def test_run_without_results_is_told(site: Site, open_page: OpenPage, watch: Watch, tiny_document: JsonObject) -> None:
    first, _ = publish_pair(site, tiny_document)
    waiting = site.store.experiments.create(parse_spec({**tiny_document, "training": {"epochs": 9}}))
    page = open_page(f"#/compare?ids={first.id},{waiting.id}")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The results cannot be compared")
    expect(alert).to_contain_text("queued")
    expect(page.get_by_role("region", name="What differs")).to_contain_text("training.epochs")
    watch.forgive("409")


def test_comparison_fits_a_phone(site: Site, open_page: OpenPage, tiny_document: JsonObject) -> None:
    first, second = publish_pair(site, tiny_document)
    page = open_page(f"#/compare?ids={first.id},{second.id}", width=390, dark=True, locale="ko-KR")
    expect(page.get_by_text("tiny-dropout이(가) tiny보다 12.00포인트 높습니다.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe_findings(page) == []


def test_comparison_of_one_run_asks_for_more(open_page: OpenPage) -> None:
    page = open_page("#/compare?ids=one")
    expect(page.get_by_text("Choose two runs or more")).to_be_visible()


def test_unknown_run_is_left_out(site: Site, open_page: OpenPage, watch: Watch, tiny_document: JsonObject) -> None:
    first, second = publish_pair(site, tiny_document)
    missing = "01M8K2J05J22343TVAXV668GS6"
    page = open_page(f"#/compare?ids={first.id},{missing},{second.id}")
    expect(page.get_by_role("heading", name="One of these runs does not exist")).to_be_visible()
    expect(page.get_by_text(re.compile(f"^{missing} may have been deleted"))).to_be_visible()
    assert axe_findings(page) == []
    page.get_by_role("link", name="Compare without it").click()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("tiny-dropout is better than tiny")
    watch.forgive("404 (Not Found)")


def test_failed_comparison_is_asked_again(
    site: Site, open_page: OpenPage, watch: Watch, tiny_document: JsonObject
) -> None:
    first, second = publish_pair(site, tiny_document)
    page = open_page("#/compare")
    page.route("**/compare?*", lambda route: route.fulfill(status=500, body="a fault"))
    page.goto(f"/#/compare?ids={first.id},{second.id}")
    expect(page.get_by_role("alert")).to_contain_text("The service has failed")
    page.unroute("**/compare?*")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("tiny-dropout is better than tiny")
    watch.forgive("500 (Internal Server Error)")
