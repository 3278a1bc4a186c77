"""Several API processes on one port: requests reach any of them, so each must know what the others do."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, cast

import httpx2
import psutil
import pytest

from models_store.store import Store, open_store
from specs.experiment import parse_spec
from tests.support import local_http
from tests.support.published import bright_column_network, publish
from tests.support.service import LEASE_SECONDS, ROOT, Service
from tests.support.waiting import PATIENCE_SECONDS, eventually

IMAGE = (ROOT / "examples" / "images" / "four.png").read_bytes()
REQUESTS = 'http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",'


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    service = make_service(api_processes=2)
    service.start_api()
    eventually(lambda: len(service.apis[0].children()) == 2)
    return service


@contextmanager
def only(service: Service, number: int) -> Iterator[None]:
    """Every new connection is accepted by that process, because the other one is stopped."""
    stopped = service.apis[0].children()[1 - number]
    stopped.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        stopped.send_signal(signal.SIGCONT)


def url(service: Service, path: str) -> str:
    return str(service.http.base_url.join(path))


def counted(service: Service, route: str) -> float:
    """Requests to a route, by the metrics of the process that answers."""
    lines = local_http.get(url(service, "/metrics"), timeout=PATIENCE_SECONDS).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(REQUESTS) and f'"{route}"' in line)


def test_metrics_of_processes_are_summed(service: Service) -> None:
    before = counted(service, "/presets")
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(local_http.get, url(service, "/presets"), timeout=PATIENCE_SECONDS) for _ in range(200)]
        scrapes = [counted(service, "/presets") for _ in range(40)]
        assert {each.result().status_code for each in asked} == {200}
    assert scrapes == sorted(scrapes)
    for number in (0, 1):
        with only(service, number):
            assert counted(service, "/presets") == before + 200


def test_killed_process_keeps_its_counts(service: Service) -> None:
    for number in (0, 1):
        with only(service, number):
            assert local_http.get(url(service, "/presets")).status_code == 200
    before = counted(service, "/presets")
    victim = service.apis[0].children()[0]
    victim.kill()
    eventually(lambda: len(service.apis[0].children()) == 2 and not psutil.pid_exists(victim.pid))
    for number in (0, 1):
        with only(service, number):
            assert counted(service, "/presets") == before + number
            assert local_http.get(url(service, "/presets")).status_code == 200
    assert counted(service, "/presets") == before + 2


def opened(service: Service) -> Store:
    return open_store(service.store, service.valkey.url, LEASE_SECONDS, max_attempts=3, role="test")


def predict(service: Service) -> dict[str, Any]:
    answer = local_http.post(url(service, "/predict"), files={"file": ("four.png", IMAGE)}, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200, answer.text
    return cast(dict[str, Any], answer.json())


def test_pinned_model_answers_in_all(service: Service, tiny_document: dict[str, Any]) -> None:
    store, spec = opened(service), parse_spec(tiny_document)
    worse, better = (publish(store, spec, accuracy, network=bright_column_network()).id for accuracy in (0.5, 0.9))
    for pinned in (worse, better):
        service.ask("PUT", "/models/serving/digits", json={"experiment_id": pinned}).raise_for_status()
        for number in (0, 1):
            with only(service, number):
                eventually(lambda: predict(service)["model"]["experiment_id"] == pinned)  # noqa: B023


def test_prediction_is_labeled_at_once(service: Service, tiny_document: dict[str, Any]) -> None:
    publish(opened(service), parse_spec(tiny_document))
    eventually(lambda: service.http.post("/predict", content=IMAGE).is_success)
    for _ in range(20):
        prediction = predict(service)["predictions"][0]["id"]
        labeled = local_http.post(url(service, f"/predictions/{prediction}/label"), json={"label": "4"}, timeout=60)
        assert labeled.status_code == 200, labeled.text


def test_streams_of_all_processes_end_at_shutdown(service: Service) -> None:
    with ExitStack() as stack:
        streams = [
            stack.enter_context(local_http.stream("GET", url(service, "/events"), timeout=PATIENCE_SECONDS))
            for _ in range(6)
        ]
        lines = [each.iter_lines() for each in streams]
        assert {next(each) for each in lines} == {"event: ready"}
        service.apis[0].terminate()
        for each in lines:
            with suppress(httpx2.RemoteProtocolError):  # cut off, as they never end by themselves
                list(each)
    assert service.apis[0].wait(PATIENCE_SECONDS) == 0
