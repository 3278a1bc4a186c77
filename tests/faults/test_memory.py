"""Trainings that need more memory than there is."""

from typing import Any

import psutil

from tests.support.service import Service

Document = dict[str, Any]
# Weights and optimizer of 43 million parameters need five times as much.
HEADROOM_BYTES = 100_000_000
LARGEST_LAYER = 65_536


def test_trainer_out_of_memory_says_so(service: Service, tiny_document: Document) -> None:
    [worker] = service.workers
    [trainer] = service.trainers(worker)
    most = trainer.memory_info().vms + HEADROOM_BYTES
    trainer.rlimit(psutil.RLIMIT_AS, (most, most))
    layers = [
        {"type": "Flatten"},
        *({"type": "Dense", "units": units} for units in (LARGEST_LAYER, 650)),
        {"type": "Dense"},
    ]
    large, following = service.post({**tiny_document, "model": {"layers": layers}}), service.post(tiny_document)

    record = service.wait_for_end(large)

    assert (record["status"], record["error"]["type"]) == ("failed", "out_of_memory")
    assert f"[{LARGEST_LAYER},650]" in record["error"]["message"]
    assert service.trainer_of(large) == trainer.pid
    assert service.wait_for_end(following)["status"] == "succeeded"
    service.assert_sound(following, epochs=2)
