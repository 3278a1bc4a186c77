"""Kill, empty, restart and pause Redis."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from PIL import Image

from tests.support.image_files import encoded
from tests.support.service import Service
from tests.support.store import SLOW_EPOCHS
from tests.support.waiting import PATIENCE_SECONDS, eventually

Document = dict[str, Any]
DEADLINE_SECONDS = 4.0
AT_ONCE = 50
POSTS = 200


def status_codes_while(service: Service, path: str, action: Callable[[], object]) -> set[int]:
    """The status codes of `path`, asked for all the time from before `action` until after it."""
    with ThreadPoolExecutor(1) as threads:
        codes = {service.http.get(path).status_code}
        acting = threads.submit(action)
        while not acting.done():
            codes.add(service.http.get(path).status_code)
        acting.result()
    return codes | {service.http.get(path).status_code for _ in range(20)}


def test_redis_emptied_while_training_loses_nothing(service: Service, slow_document: Document) -> None:
    waiting = service.post(slow_document)
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(waiting, 2)

    def empty() -> None:
        service.valkey.kill()
        service.valkey.restart(empty=True)

    codes = status_codes_while(service, f"/experiments/{experiment_id}", empty)

    assert codes <= {200, 503}
    assert service.wait_for_end(waiting)["attempts"] == 1
    assert service.wait_for_end(experiment_id)["attempts"] == 1
    service.assert_sound(waiting, epochs=SLOW_EPOCHS)
    service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)
    listed = service.ask("GET", "/experiments").json()["items"]
    assert [each["id"] for each in listed] == [experiment_id, waiting]


def test_emptied_redis_and_killed_worker_resume(service: Service, slow_document: Document) -> None:
    experiment_id = service.post(slow_document)
    service.wait_for_epochs(experiment_id, 3)
    [worker] = service.workers

    service.valkey.kill()
    worker.kill()
    service.valkey.restart(empty=True)
    service.start_worker(warm=False)

    service.wait_for_end(experiment_id)
    assert service.assert_sound(experiment_id, epochs=SLOW_EPOCHS)["attempts"] == 2


@pytest.mark.timeout(1800)  # 30 slow epochs, and ten restarts
def test_redis_restarted_repeatedly_loses_nothing(
    service: Service, slow_document: Document, tiny_document: Document
) -> None:
    """Ten times, at any moment of 200 POSTs by eight clients."""
    running = service.post({**slow_document, "training": {**slow_document["training"], "epochs": 30}})
    service.wait_for_epochs(running, 1)
    chance, accepted, rejected, kept = random.Random(1), list[str](), list[str](), list[str]()

    def post(_: int) -> None:
        answer = service.http.post("/experiments", json=tiny_document)
        assert answer.status_code == 202 or (answer.status_code == 503 and "Retry-After" in answer.headers)
        (accepted if answer.status_code == 202 else rejected).append(answer.json().get("id", answer.text))

    with ThreadPoolExecutor(8) as clients:
        posting = [clients.submit(post, number) for number in range(POSTS)]
        for moment in sorted(chance.sample(range(POSTS), 10)):
            eventually(lambda moment=moment: len(accepted) + len(rejected) >= moment)  # type: ignore[misc]
            service.valkey.kill()
            if not kept:
                kept.append(service.post(tiny_document))
            service.valkey.restart()
        for answered in posting:
            answered.result()

    assert len({*accepted}) == len(accepted) >= POSTS // 2
    kept += chance.sample(accepted, 3)
    for each in {*accepted} - {*kept}:
        cancel(service, each, may_have_run=False)
    eventually(lambda: listed(service) == {running, *accepted, *kept})
    for each in kept:
        assert service.wait_for_end(each)["attempts"] == 1
        service.assert_sound(each, epochs=2)
    assert service.assert_sound(running, epochs=30)["attempts"] == 1


def test_posts_while_redis_is_down_run_later(service: Service, tiny_document: Document) -> None:
    healthy = slowest(lambda: service.post(tiny_document), AT_ONCE, clients=5)
    for experiment_id in healthy.answers[1:]:
        cancel(service, experiment_id)
    service.wait_for_end(healthy.answers[0])
    service.valkey.kill()
    down = slowest(lambda: service.post(tiny_document), AT_ONCE, clients=5)
    assert service.http.get("/health/live").status_code == 200
    assert service.http.get("/health/ready").status_code == 503
    service.valkey.restart()

    assert down.seconds - healthy.seconds < DEADLINE_SECONDS
    eventually(lambda: set(down.answers) <= listed(service))
    for experiment_id in down.answers[3:]:
        cancel(service, experiment_id)
    for experiment_id in down.answers[:3]:
        assert service.wait_for_end(experiment_id)["attempts"] == 1
    assert service.http.get("/health/ready").status_code == 200
    assert len(list((service.store / "experiments").iterdir())) == len(healthy.answers) + len(down.answers)


def test_half_open_redis_delays_only_briefly(service: Service, tiny_document: Document) -> None:
    trained = service.post(tiny_document)
    service.wait_for_end(trained)
    image = {"file": ("blank.png", blank_png(), "image/png")}
    assert service.http.post("/predict", files=image).status_code == 200

    healthy = slowest(lambda: service.post(tiny_document), AT_ONCE, clients=AT_ONCE)
    for experiment_id in healthy.answers:
        cancel(service, experiment_id)

    service.valkey.pause()
    paused = slowest(lambda: service.post(tiny_document), AT_ONCE, clients=AT_ONCE)
    live, ready = service.http.get("/health/live"), service.http.get("/health/ready")
    predicted = service.http.post("/predict", files=image)
    service.valkey.resume()

    assert paused.seconds - healthy.seconds < DEADLINE_SECONDS
    assert (live.status_code, ready.status_code, predicted.status_code) == (200, 503, 200)
    assert "Retry-After" in ready.headers
    eventually(lambda: set(paused.answers) <= listed(service))
    for experiment_id in paused.answers[2:]:
        cancel(service, experiment_id)
    for experiment_id in paused.answers[:2]:
        assert service.wait_for_end(experiment_id)["attempts"] <= 1


def cancel(service: Service, experiment_id: str, *, may_have_run: bool = True) -> None:
    """A worker that is free may have trained it to its end meanwhile, once; otherwise it waits, or was cancelled by a
    request whose answer was 503."""
    answer = service.ask("POST", f"/experiments/{experiment_id}:cancel")
    if answer.status_code != 202:
        assert answer.status_code == 409, answer.text
        record = service.get(experiment_id)
        found = (record["status"], record["attempts"])
        assert found == ("cancelled", 0) or (may_have_run and found == ("succeeded", 1))


def listed(service: Service) -> set[str]:
    """The ids in the list; none while the answer is 503."""
    items = service.http.get("/experiments?fields=summary&limit=1000").json().get("items", [])
    return {each["id"] for each in items}


class Timed(NamedTuple):
    """Answers, and the seconds that the slowest of them took."""

    answers: list[str]
    seconds: float


def slowest(post: Callable[[], str], count: int, clients: int = 1) -> Timed:
    """Time `count` posts. How slow they are on a busy machine shows what a fault adds to it."""

    def timed(_: int) -> tuple[float, str]:
        started = time.monotonic()
        answer = post()
        return time.monotonic() - started, answer

    with ThreadPoolExecutor(clients) as pool:
        seconds, answers = zip(*pool.map(timed, range(count)), strict=True)
    return Timed(list(answers), max(seconds))


def blank_png() -> bytes:
    return encoded(Image.new("L", (8, 8)))


def test_lost_message_is_resent(service: Service, tiny_document: Document) -> None:
    [worker] = service.workers
    worker.terminate()
    worker.wait(PATIENCE_SECONDS)
    experiment_id = service.post(tiny_document)
    with service.valkey.client() as client:
        assert client.delete("trainyard.train") == 1
        eventually(lambda: client.llen("trainyard.train") == 1)

    service.start_worker(warm=False)
    assert service.wait_for_end(experiment_id)["status"] == "succeeded"
