"""Every view, light and dark, on a desk and on a phone, in both languages: accessible, without overflow, and silent."""

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page

from specs.experiment import ExperimentSpec, parse_spec
from tests.page.accessibility import axe_findings
from tests.page.built import names_of_tabs, names_of_views, needs_page
from tests.page.conftest import OpenPage, shot
from tests.page.swept import IMPORTANCE, Swept, start
from tests.page.trained import digits_network
from tests.support.published import publish, results_on
from tests.support.site import Site

pytestmark = needs_page

# Each with what is there when it has been loaded. ONE and TWO are the ids of runs, of which TWO is based on
# ONE, SWEEP that of a sweep.
VIEWS = {
    "#/runs": "[role=gridcell] a",
    "#/runs?select=ONE,TWO": ".charts path.raw",
    "#/runs?group=name": "[role=gridcell] button",
    "#/runs?filter=nothing": "main h2",
    "#/run/ONE": ".tab path.raw",
    "#/run/TWO/network": ".tab table tbody tr",
    "#/run/ONE/confusion": ".tab svg[role=img]",
    "#/run/ONE/mistakes": ".tab li img",
    "#/run/ONE/calibration": ".tab svg[role=img]",
    "#/run/ONE/files": ".tab ul, .tab table",
    "#/compare?ids=ONE,TWO": "section table",
    "#/lineage/TWO": "section a.name",
    "#/new": ".cards li",
    "#/new?preset=digits-cnn": ".result table tbody tr",
    "#/data": "main a[href='#/data/digits']",
    "#/data/digits?class=7": "main li img",
    "#/draw": "#board",
    "#/serving": "section .name",
    "#/machines": "main a[href^='#/run/']",
    "#/class": "main h2",
    "#/access": "main h2",
    "#/sweeps": "[role=gridcell] a",
    "#/sweeps/SWEEP": "main path.raw",
    "#/nothing": "main h2",
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def ids(site: Site, tiny_spec: Callable[..., ExperimentSpec]) -> dict[str, str]:
    """Two runs that are published, the second based on the first, one that waits, and a sweep."""
    first = tiny_spec("first", tags=("baseline",))
    one = publish(site.store, first, network=digits_network(), results=results_on(first.dataset.facts, 0.8))
    second = parse_spec({**first.document(), "name": "second", "based_on": one.id, "notes": "again"})
    two = publish(site.store, second, results=results_on(second.dataset.facts, 0.9, seed=1))
    site.store.experiments.create(tiny_spec("waits"))
    swept = Swept(site.store, start(site.store, "rates", repeats={"seeds": 2, "of_best": 1}).id)
    swept.succeed()
    swept.prune()
    swept.succeed(repeat_of=0)
    swept.succeed(repeat_of=0)
    swept.write(importance=IMPORTANCE)
    return {"ONE": one.id, "TWO": two.id, "SWEEP": swept.id}


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
@pytest.mark.parametrize("width", [1440, 390])
def test_view_is_accessible_and_fits(open_page: OpenPage, ids: dict[str, str], width: int, locale: str) -> None:
    page = open_page("#/nothing", width=width, locale=locale)
    found = {view: faults for view in VIEWS if (faults := faults_of(page, view, ids))}
    assert found == {}


@pytest.mark.unit
def test_every_view_is_looked_at() -> None:
    shown = [view.removeprefix("#/").partition("?")[0] for view in VIEWS]
    assert names_of_views() <= {each.partition("/")[0] for each in shown}
    assert {f"run/ONE/{tab}" for tab in names_of_tabs()} <= {each.replace("TWO", "ONE") for each in shown}


def faults_of(page: Page, view: str, ids: dict[str, str]) -> list[str]:
    hash_ = view
    for name, id_ in ids.items():
        hash_ = hash_.replace(name, id_)
    page.goto(f"/{hash_}")
    page.locator(VIEWS[view]).first.wait_for()
    faults = [] if page.evaluate("document.documentElement.scrollWidth <= innerWidth") else ["wider than its window"]
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        faults += [f"{scheme}: {each}" for each in axe_findings(page)]
        shot(page, f"view-{list(VIEWS).index(view)}-{scheme}-{page.viewport_size}")
    return faults
