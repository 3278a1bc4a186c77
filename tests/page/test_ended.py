"""What the page does with a run that has ended, and with one that waits."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from models_store.errors import NotFound
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import OpenPage, Watch
from tests.support.published import publish, results_on
from tests.support.site import Site
from tests.support.waiting import eventually

pytestmark = needs_page

Spec = Callable[..., ExperimentSpec]


def test_run_is_reproduced_from_its_menu(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Reproduce").click()
    result = page.get_by_role("region", name="Reproduction")
    expect(result.get_by_role("link", name="Show the original")).to_have_attribute("href", f"#/run/{record.id}")
    expect(result).to_contain_text("Compared when it has succeeded")
    again = page.url.rpartition("/")[2]
    assert site.store.experiments.get(again).reproduces == record.id


def ask_to_delete(page: Page, name: str) -> tuple[Locator, Locator]:
    """The dialog for the run of that name, which is shown, and its button."""
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete the run").click()
    dialog = page.get_by_role("dialog", name=f"Delete {name}?")
    return dialog, dialog.get_by_role("button", name="Delete the run")


def test_run_is_deleted_from_its_menu(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec("gone"), results=results_on(DATASETS["digits"], 0.8))
    page = open_page(f"#/run/{record.id}")
    dialog, button = ask_to_delete(page, "gone")
    button.click()
    # It serves.
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(button).to_be_disabled()
    assert axe_findings(page) == []
    dialog.get_by_role("checkbox", name="Delete it anyway").check()
    button.click()
    expect(page.get_by_text("gone was deleted")).to_be_visible()
    with pytest.raises(NotFound):
        site.store.experiments.get(record.id)
    watch.forgive("409 (Conflict)", "404 (Not Found)")


def test_service_that_is_away_asks_nothing(site: Site, open_page: OpenPage, watch: Watch, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec("serves"), results=results_on(DATASETS["digits"], 0.8))
    page = open_page(f"#/run/{record.id}")
    dialog, button = ask_to_delete(page, "serves")
    path = re.compile(f"/experiments/{record.id}(\\?.*)?$")
    page.route(path, lambda route: route.abort() if route.request.method == "DELETE" else route.continue_())
    button.click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(button).to_be_enabled()
    expect(dialog.get_by_role("checkbox")).to_have_count(0)
    page.unroute(path)
    button.click()
    expect(dialog.get_by_role("checkbox", name="Delete it anyway")).not_to_be_checked()
    expect(button).to_be_disabled()
    assert site.store.experiments.get(record.id)
    watch.forgive("net::ERR_FAILED", "409 (Conflict)")


def test_training_state_is_deleted_alone(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec())
    page = open_page(f"#/run/{record.id}", width=390)
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete its training state").click()
    dialog = page.get_by_role("dialog", name="Delete the training state?")
    expect(dialog).to_contain_text("cannot be continued")
    dialog.get_by_role("button", name="Delete its training state").click()
    expect(page.get_by_text("The training state was deleted")).to_be_visible()
    assert site.store.experiments.get(record.id)


def test_network_is_evaluated_on_another_dataset(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    record = publish(site.store, tiny_spec(), results=results_on(DATASETS["digits"], 0.8))
    page = open_page(f"#/run/{record.id}")
    page.get_by_role("button", name="Evaluate on another dataset").click()
    dialog = page.get_by_role("dialog", name="Evaluate on another dataset")
    assert "cifar10" not in dialog.get_by_label("Dataset").inner_text()
    dialog.get_by_label("Dataset").select_option("mnist")
    dialog.get_by_label("Samples").select_option("test")
    assert axe_findings(page) == []
    dialog.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="mnist")).to_contain_text("queued")
    assert site.store.evaluations.get(record.id, "mnist").split == "test"


def test_priority_of_a_waiting_run_is_set(site: Site, open_page: OpenPage, tiny_spec: Spec) -> None:
    site.store.experiments.create(tiny_spec("before"))
    waiting = site.store.experiments.create(tiny_spec("urgent"))
    page = open_page(f"#/run/{waiting.id}")
    field = page.get_by_label("Priority")
    field.fill("5")
    field.press("Enter")
    eventually(lambda: site.store.experiments.get(waiting.id).priority == 5)
    expect(page.get_by_text("Next in the queue.")).to_be_visible()
