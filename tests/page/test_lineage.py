"""The view Lineage: what each step changed and gained, and what else was tried."""

from playwright.sync_api import expect

from models_store.experiments.record import Record
from specs.dataset import DATASETS
from specs.experiment import parse_spec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, shot
from tests.support.contract import JsonObject
from tests.support.published import publish, results_on
from tests.support.site import Site

pytestmark = needs_page
VALUES = {"first": "30.0%", "second": "60.0%", "third": "90.0%"}


def publish_family(site: Site, document: JsonObject) -> dict[str, Record]:
    """first -> second -> third, and beside the second a branch."""
    runs: dict[str, Record] = {}

    def add(name: str, accuracy: float, parent: str | None, **training: object) -> None:
        based_on = runs[parent].id if parent else None
        spec = {**document, "name": name, "based_on": based_on, "notes": f"why {name}"}
        spec["training"] = {**document["training"], **training}
        results = results_on(DATASETS["digits"], accuracy)
        runs[name] = publish(site.store, parse_spec(spec), val_accuracy=accuracy - 0.1, results=results)

    add("first", 0.3, None)
    add("second", 0.6, "first", epochs=7)
    add("branch", 0.5, "first", epochs=9)
    add("third", 0.9, "second", epochs=7, batch_size=16)
    return runs


def test_steps_show_what_they_changed_and_gained(site: Site, open_page: OpenPage, tiny_document: JsonObject) -> None:
    runs = publish_family(site, tiny_document)
    page = open_page(f"#/lineage/{runs['third'].id}")
    path = page.get_by_role("list", name="From the first to this run")
    expect(path.get_by_role("link")).to_have_text([f"{value} {name}" for name, value in VALUES.items()])

    tree = page.get_by_role("region", name="Everything that was tried")
    expect(tree.locator("a.name")).to_have_text(["first", "branch", "second", "third"])
    third = tree.get_by_role("listitem").filter(has=page.get_by_role("link", name="third", exact=True))
    expect(third).to_contain_text("+30.0")
    expect(third).to_contain_text("why third")
    expect(third.locator("code").last).to_contain_text("batch_size")
    compare = third.get_by_role("link", name="Compare with the run it is based on")
    expect(compare).to_have_attribute("href", f"#/compare?ids={runs['second'].id}%2C{runs['third'].id}")
    assert axe_findings(page) == []
    shot(page, "lineage")

    page.get_by_role("button", name="validation").click()
    expect(path.get_by_role("link").last).to_contain_text("80.0%")
    page.get_by_role("button", name="test").click()
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="Lineage of second")).to_be_visible()
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="Lineage of first")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Lineage of second")).to_be_visible()
    tree.get_by_role("link", name="branch", exact=True).click()
    expect(path.get_by_role("link")).to_have_text(["30.0% first", "50.0% branch"])


def test_new_run_appears_in_the_tree(site: Site, open_page: OpenPage, tiny_document: JsonObject) -> None:
    alone = publish(site.store, parse_spec(tiny_document))
    page = open_page(f"#/lineage/{alone.id}", width=390, dark=True, locale="ko-KR")
    expect(page.get_by_text("이 실험에 기반한 실험도 없습니다")).to_be_visible()
    site.store.experiments.create(parse_spec({**tiny_document, "name": "next", "based_on": alone.id}))
    expect(page.get_by_role("link", name="next", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe_findings(page) == []
