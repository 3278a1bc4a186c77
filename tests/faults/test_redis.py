"""Rows 6, 7, 8, 9, 10: Redis killed, emptied, restarted, paused."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.support.service import LEASE_SECONDS, SWEEP_SECONDS, Service
from tests.support.valkey import Valkey
from tests.support.waiting import eventually

Document = dict[str, Any]
DEADLINE_SECONDS = 4.0
AT_ONCE = 50


def status_codes_while(service: Service, path: str, action: Callable[[], object]) -> set[int]:
    """The codes that `path` answers with before, during and after `action`."""
    codes = {service.http.get(path).status_code}
    action()
    for _ in range(20):
        codes.add(service.http.get(path).status_code)
    return codes


def test_emptied_redis_mid_training_loses_nothing(
    service: Service, own_valkey: Valkey, slow_document: Document
) -> None:
    waiting = service.post(slow_document)
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(waiting, 2)

    def empty() -> None:
        own_valkey.kill()
        own_valkey.restart(empty=True)

    codes = status_codes_while(service, f"/experiments/{experiment_id}", empty)

    assert codes <= {200, 503}
    assert service.wait_for_end(waiting)["attempts"] == 1
    assert service.wait_for_end(experiment_id)["attempts"] == 1
    service.assert_sound(waiting, epochs=14)
    service.assert_sound(experiment_id, epochs=14)
    listed = service.http.get("/experiments").json()["items"]
    assert [each["id"] for each in listed] == [experiment_id, waiting]


def test_emptied_redis_and_a_killed_worker_run_again_from_the_checkpoint(
    service: Service, own_valkey: Valkey, slow_document: Document
) -> None:
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 3)
    [worker] = service.workers

    own_valkey.kill()
    worker.kill()
    own_valkey.restart(empty=True)
    service.start_worker(warm=False)

    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=14)["attempts"] == 2


@pytest.mark.timeout(400)  # eleven trainings, each in a trainer of its own
def test_redis_restarted_again_and_again_drops_no_experiment_and_no_run(
    service: Service, own_valkey: Valkey, slow_document: Document, tiny_document: Document
) -> None:
    running = service.post({**slow_document, "training": {**slow_document["training"], "epochs": 30}})
    service.wait_for_epochs(running, 1)
    accepted = []
    for _ in range(5):
        accepted.append(service.post(tiny_document))
        own_valkey.kill()
        accepted.append(service.post(tiny_document))
        own_valkey.restart()

    for experiment_id in accepted:
        assert service.wait_for_end(experiment_id, 120)["attempts"] == 1
        service.assert_sound(experiment_id, epochs=2)
    assert service.assert_sound(running, epochs=30)["attempts"] == 1


def test_posts_while_redis_is_down_answer_in_time_and_run_later(
    service: Service, own_valkey: Valkey, tiny_document: Document
) -> None:
    own_valkey.kill()
    accepted = [timed_post(service, tiny_document) for _ in range(5)]
    assert service.http.get("/health/live").status_code == 200
    assert service.http.get("/health/ready").status_code == 503
    own_valkey.restart()

    for experiment_id in accepted:
        assert service.wait_for_end(experiment_id)["attempts"] == 1
    assert service.http.get("/health/ready").status_code == 200
    assert len(list((service.store / "experiments").iterdir())) == len(accepted)


def test_half_open_redis_delays_nobody_beyond_the_deadline(
    service: Service, own_valkey: Valkey, tiny_document: Document
) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    image = {"file": ("blank.png", blank_png(), "image/png")}
    assert service.http.post("/predict", files=image).status_code == 200

    own_valkey.pause()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        posts = [pool.submit(timed_post, service, tiny_document) for _ in range(AT_ONCE)]
        accepted = [each.result() for each in posts]
    live, ready = service.http.get("/health/live"), service.http.get("/health/ready")
    predicted = service.http.post("/predict", files=image)
    own_valkey.go_on()

    assert (live.status_code, ready.status_code, predicted.status_code) == (200, 503, 200)
    assert "Retry-After" in ready.headers
    eventually(lambda: set(accepted) <= listed(service), 60)
    for experiment_id in accepted[2:]:
        service.http.post(f"/experiments/{experiment_id}:cancel")
    for experiment_id in accepted[:2]:
        assert service.wait_for_end(experiment_id, 120)["attempts"] <= 1


def listed(service: Service) -> set[str]:
    """The ids in the list; none while it answers 503."""
    items = service.http.get("/experiments?limit=200").json().get("items", [])
    return {each["id"] for each in items}


def timed_post(service: Service, document: Document) -> str:
    started = time.monotonic()
    experiment_id = service.post(document)
    assert time.monotonic() - started < DEADLINE_SECONDS
    return experiment_id


def blank_png() -> bytes:
    data = BytesIO()
    Image.new("L", (8, 8)).save(data, "PNG")
    return data.getvalue()


def test_lost_message_is_sent_again(service: Service, own_valkey: Valkey, tiny_document: Document) -> None:
    [worker] = service.workers
    worker.terminate()
    worker.wait(20)
    experiment_id = service.post(tiny_document)
    with own_valkey.client() as client:
        assert client.delete("trainyard.train") == 1
        eventually(lambda: client.llen("trainyard.train") == 1, LEASE_SECONDS + SWEEP_SECONDS + 5)

    service.start_worker(warm=False)
    assert service.wait_for_end(experiment_id)["status"] == "succeeded"
