"""Corrections come into service: labeled, fine-tuned on, checked and promoted, by a real training."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running_up import RunningUp
from tests.support.waiting import eventually
from trainyard.errors import NotFound

pytestmark = pytest.mark.xdist_group("up")
IMAGES = Path(__file__).resolve().parents[2] / "examples" / "images"


def test_corrections_come_into_service(up: RunningUp, tiny_document: dict[str, Any]) -> None:
    client = up.client
    training = {**tiny_document["training"], "epochs": 10}
    before = up.wait_for_end(up.submit({**tiny_document, "training": training}))
    client.serve("digits", before.id)
    for name, label in (("four", "4"), ("two", "2"), ("zero", "0")):
        [prediction] = client.predict(IMAGES / f"{name}.png", dataset="digits").predictions
        client.label(prediction.id, label)
    eventually(lambda: is_collected(up))

    after = up.wait_for_end(client.improve("digits", promote="automatic").id)

    assert after.status == "succeeded", after.error
    found = eventually(lambda: decided(up, after.id))
    assert found is not None
    assert (found.state, found.reason) == ("promoted", "")
    assert found.check is not None
    assert (found.check.baseline, found.check.split, found.check.samples) == (before.id, "test", 360)
    assert found.check.accuracy == pytest.approx(after.test_metrics["accuracy"])
    assert found.check.accuracy_before == pytest.approx(before.test_metrics["accuracy"])
    [served] = [each for each in client.models() if each.dataset == "digits"]
    assert (served.experiment_id, served.policy) == (after.id, "pinned")
    client.serve("digits")


def is_collected(up: RunningUp) -> bool:
    try:
        dataset = up.client.dataset("digits-corrections")
    except NotFound:
        return False
    return dataset.status == "ready" and sum(dataset.counts["train"]) >= 3


def decided(up: RunningUp, experiment_id: str) -> Any:
    improvement = up.client.get(experiment_id).improvement
    return improvement if improvement is not None and improvement.state != "pending" else None
