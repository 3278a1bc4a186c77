"""The view Machines: the queue, the workers, and what to do without one."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from models_store.experiments.record import Progress
from models_store.jobs.workers import Device, MemoryUse, Worker
from specs.experiment import ExperimentSpec
from tests.page.accessibility import axe_findings
from tests.page.built import needs_page
from tests.page.conftest import Begin, OpenPage, Watch, shot
from tests.support.published import publish
from tests.support.site import Site

pytestmark = needs_page


def test_without_a_worker_the_page_says_what_to_do(
    open_page: OpenPage, site: Site, tiny_document: dict[str, Any]
) -> None:
    waiting = site.store.experiments.create(ExperimentSpec.model_validate(tiny_document))
    page = open_page("#/machines", dark=True)
    expect(page.get_by_text("No worker is up: runs wait in the queue.")).to_be_visible()
    expect(page.get_by_text("trainyard up --workers 2")).to_be_visible()
    expect(page.get_by_role("link", name="tiny").first).to_have_attribute("href", f"#/run/{waiting.id}")


def test_idle_worker_is_shown(open_page: OpenPage, site: Site) -> None:
    site.store.workers.beat(Worker(name="lab:7", hostname="lab", pid=7))
    page = open_page("#/machines", width=390)
    expect(page.get_by_text("1 worker is up.")).to_be_visible()
    expect(page.get_by_text("Waiting for a run.")).to_be_visible()


def test_worker_is_drained_and_resumed(open_page: OpenPage, site: Site) -> None:
    site.store.workers.beat(Worker(name="lab:7", hostname="lab", pid=7))
    page = open_page("#/machines")
    page.get_by_role("button", name="Have lab:7 start nothing more").click()
    expect(page.get_by_text("Drained: it starts nothing more.")).to_be_visible()
    assert site.store.workers.drains.mode_of("lab:7") == "finish"
    assert axe_findings(page) == []
    page.get_by_role("button", name="Have lab:7 start runs again").click()
    expect(page.get_by_text("Waiting for a run.")).to_be_visible()
    assert site.store.workers.consuming() != []


def test_worker_and_queue_are_shown_live(
    open_page: OpenPage, site: Site, begin: Begin, watch: Watch, tiny_document: dict[str, Any]
) -> None:
    spec = ExperimentSpec.model_validate(tiny_document)
    publish(site.store, spec)
    claim = begin(spec, worker="lab:7")
    site.store.experiments.create(spec)
    claim.show(Progress(phase="training", epoch=0, epochs=2, step=1, steps_per_epoch=2, eta_seconds=90.0))
    memory = MemoryUse(used_bytes=2_600_000_000, total_bytes=8_200_000_000)
    device = Device(kind="cpu", name="AMD EPYC 7B13")
    worker = Worker(
        name="lab:7", hostname="lab", pid=7, device=device, cores=2, memory=memory, trainer_bytes=900_000_000
    )
    site.store.workers.beat(worker)
    page = open_page("#/machines")
    card = page.get_by_role("article")
    expect(card).to_contain_text("AMD EPYC 7B13, 2 cores")
    expect(card).to_contain_text("Memory, 900 MB of it in trainers")
    expect(card).to_contain_text("2.6 GB of 8.2 GB")
    expect(card).to_contain_text("Epoch 1 of 2")
    expect(page.get_by_text("starts about")).to_be_visible()
    expect(page.get_by_text("Largest runs")).to_be_visible()
    assert axe_findings(page) == []
    shot(page, "machines")

    asked = len(watch.requests)
    more = memory.model_copy(update={"used_bytes": 3_000_000_000})
    site.store.workers.beat(worker.model_copy(update={"memory": more}))
    expect(card).to_contain_text("3 GB of 8.2 GB")
    assert watch.requests[asked:] == []


def test_queue_is_reordered_and_paused(open_page: OpenPage, site: Site, tiny_document: dict[str, Any]) -> None:
    first, second, third = (
        site.store.experiments.create(ExperimentSpec.model_validate({**tiny_document, "name": name})).id
        for name in ("first", "second", "third")
    )
    page = open_page("#/machines", width=390)
    rows = page.locator("li[draggable=true]")
    expect(rows).to_have_count(3)

    page.get_by_role("button", name="Move third up").focus()
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_contain_text("third")
    expect(page.get_by_role("button", name="Move third up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows.nth(0)).to_contain_text("third")
    assert site.store.experiments.waiting.ids() == [third, first, second]
    rows.nth(0).drag_to(rows.nth(2))
    expect(rows.nth(2)).to_contain_text("third")
    assert site.store.experiments.waiting.ids() == [first, second, third]

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused: what runs continues, nothing else starts.")).to_be_visible()
    assert site.store.experiments.waiting.order.paused
    assert axe_findings(page) == []
    expect(page.get_by_text("/queue:resume'")).to_have_count(1)
    shot(page, "machines-paused")
    site.store.experiments.waiting.resume()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
def test_webhook_is_added_and_deleted(open_page: OpenPage, site: Site, width: int) -> None:
    page = open_page("#/machines", width=width, dark=width == 1440)
    address = page.get_by_label("Address of a webhook")
    address.fill("https://hooks.invalid/trainyard")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Keep this secret")).to_be_visible()
    [webhook] = site.store.webhooks.list()
    expect(page.get_by_text(webhook.secret)).to_be_visible()
    assert axe_findings(page) == []
    shot(page, f"machines-webhooks-{width}")

    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_text("Messages", exact=True).click()
    expect(page.get_by_text("webhook.test")).to_be_visible()
    page.get_by_role("button", name="Delete the webhook").click()
    expect(page.get_by_text("A webhook tells another service")).to_be_visible()
    assert site.store.webhooks.list() == []


@pytest.mark.parametrize("width", [390, 1440])
def test_old_runs_are_shown_and_deleted(
    open_page: OpenPage, site: Site, begin: Begin, tiny_spec: Callable[..., ExperimentSpec], width: int
) -> None:
    for name in ("of no use", "dear"):
        claim = begin(tiny_spec(name))
        claim.cancel()
    site.store.experiments.edit(claim.id, {"star": True})
    page = open_page("#/machines", width=width, dark=width == 390)
    expect(page.get_by_text("Nothing is deleted by itself")).to_be_visible()
    page.get_by_role("button", name="Delete old runs").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Nothing would be deleted.")).to_be_visible()
    days = dialog.get_by_label("Ended more than so many days ago")
    days.fill("")
    days.press("Tab")
    expect(dialog.get_by_text("Give at least one limit.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete these")).to_be_disabled()
    days.fill("0")
    days.press("Tab")
    expect(dialog.get_by_role("heading", name="1 run goes")).to_be_visible()
    expect(dialog.get_by_role("listitem").filter(has_text="dear")).to_contain_text("it has a star")
    expect(dialog.get_by_text("/experiments:prune?older_than_days=0")).to_be_visible()
    assert axe_findings(page) == []
    shot(page, f"machines-prune-{width}")
    dialog.get_by_role("button", name="Delete these").click()
    expect(page.get_by_text("1 run was deleted")).to_be_visible()
    assert site.store.experiments.index.ids() == [claim.id]
