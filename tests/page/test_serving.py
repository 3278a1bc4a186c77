"""The view Serving: what serves, and choosing another model."""

from typing import Any

from playwright.sync_api import expect

from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, shot
from tests.protocols.images import png
from tests.support import local_http
from tests.support.published import publish, results_on
from tests.support.site import Site
from tests.support.waiting import eventually

pytestmark = needs_page


def test_model_is_pinned_and_returned_to_best(open_page: OpenPage, site: Site, tiny_document: dict[str, Any]) -> None:
    best = publish(site.store, ExperimentSpec.model_validate({**tiny_document, "name": "best"}), 0.9)
    other = publish(site.store, ExperimentSpec.model_validate({**tiny_document, "name": "other"}), 0.8)
    page = open_page("#/serving")
    name = page.locator("section .name a")
    expect(name).to_have_attribute("href", f"#/run/{best.id}")
    page.get_by_role("button", name="Pin other").click()
    expect(page.get_by_text("Pinned since")).to_be_visible()
    expect(name).to_have_attribute("href", f"#/run/{other.id}")
    page.get_by_role("button", name="Back to the best").click()
    expect(name).to_have_attribute("href", f"#/run/{best.id}")
    page.get_by_text("History: 3 promotions").click()
    rows = page.locator("section details ol li")
    expect(rows.nth(0)).to_contain_text("best")
    expect(rows.nth(1)).to_contain_text("other")
    expect(rows.nth(1)).to_contain_text("pinned")


def test_nothing_serves_before_a_run_has_finished(open_page: OpenPage) -> None:
    page = open_page("#/serving", width=390, locale="ko-KR")
    expect(page.get_by_role("heading", name="아직 서빙하는 모델이 없습니다")).to_be_visible()


def test_traffic_and_its_drift_are_shown(open_page: OpenPage, site: Site, tiny_document: dict[str, Any]) -> None:
    publish(site.store, ExperimentSpec.model_validate(tiny_document), results=results_on(DATASETS["digits"], 0.8))
    eventually(lambda: local_http.get(f"{site.url}/models").json()["items"])
    files = [("file", ("four.png", png(4), "image/png"))] * 60
    assert local_http.post(f"{site.url}/predict?prep=none", files=files).is_success
    page = open_page("#/serving")
    card = page.get_by_role("region", name="digits")
    expect(card).to_contain_text("1 in the last hour")
    expect(card.get_by_role("list", name="Verdicts of the last 24 hours")).to_contain_text("100.0%")
    expect(card).to_contain_text("The predicted classes have drifted from those in validation")
    card.get_by_text("Predicted classes", exact=True).click()
    expect(card.get_by_role("img", name="Predicted classes")).to_be_visible()
    assert axe_findings(page) == []
    shot(page, "serving")
