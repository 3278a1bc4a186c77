from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from api.schemas.presets import preset_list
from models_store import keys
from models_store.experiments.claim import TrainingClaim
from models_store.experiments.record import Progress
from models_store.jobs.workers import Device, MemoryUse, Worker
from models_store.store import Store
from models_store.versions import SCHEMA_VERSION
from settings import Settings
from specs.experiment import ExperimentSpec
from specs.presets import PRESETS
from tests.support.api import ApiClient
from tests.support.network_builds import count_builds
from tests.support.published import publish
from tests.support.valkey import Valkey


def test_probes_of_a_healthy_service(client: ApiClient) -> None:
    assert client.get("/health/live").json() == {"status": "ok", "live": True}
    assert client.get("/health/ready").json() == {"status": "ok", "ready": True, "live": True, "workers": 0}


def test_readiness_counts_live_workers(client: ApiClient, api_store: Store) -> None:
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    assert client.get("/health/ready").json()["workers"] == 1
    api_store.workers.leave("host:7")
    assert client.get("/health/ready").json()["workers"] == 0


def test_draining_worker_is_shown_and_not_counted(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    api_store.experiments.create(tiny_spec())
    assert client.get("/queue").json()["items"][0]["starts_in_seconds"] == 0
    [drained] = client.post("/workers:drain", params={"name": "host:7"}).json()["items"]
    assert (drained["name"], drained["draining"], drained["activities"]) == ("host:7", "finish", [])
    assert client.get("/workers").json()["items"] == [drained]
    assert client.get("/health/ready").json()["workers"] == 0
    assert client.get("/queue").json()["items"][0]["starts_in_seconds"] is None
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    assert (value(families, "training_workers"), value(families, "training_workers_draining")) == (1, 1)
    [given_back] = client.post("/workers:drain", params={"name": "host", "give_back": "true"}).json()["items"]
    assert given_back["draining"] == "give_back"
    assert client.post("/workers:resume", params={"name": "host"}).json()["items"][0]["draining"] is None
    assert client.get("/health/ready").json()["workers"] == 1


def test_drain_of_an_unknown_worker_is_not_found(client: ApiClient, api_store: Store) -> None:
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    answer = client.post("/workers:drain", params={"name": "host:8"})
    assert (answer.status_code, "known are host, host:7" in answer.json()["detail"]) == (404, True)
    assert client.post("/workers:drain").status_code == 422
    assert client.post("/workers:resume", params={"name": "host:7"}).status_code == 404


def test_service_without_redis_is_live_not_ready(settings: Settings) -> None:

    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    with ApiClient(away) as client:
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.headers["Retry-After"]) == (503, "2")
        assert client.get("/health/live").status_code == 200
        assert client.get("/experiments").status_code == 503
        assert "trainyard_store_up 0.0" in client.get("/metrics").text


@pytest.fixture
def no_sweeps(client: ApiClient, valkey: Valkey) -> None:
    """A sweep between a record and its wake-up sends another one, as it should; these would be counted."""
    with Redis.from_url(valkey.url) as redis:
        redis.set(keys.RECONCILER, f"{SCHEMA_VERSION}:a test", px=60_000)


@pytest.mark.usefixtures("no_sweeps")
def test_metrics_count_requests_and_experiments(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    publish(api_store, tiny_spec(), epochs=2)
    api_store.experiments.create(tiny_spec())
    client.get("/experiments/nonsense")
    client.head("/experiments/nonsense")
    client.post("/predict", content=b"no image")

    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    assert value(families, "training_experiments_total", status="succeeded") == 1
    assert value(families, "training_experiments_total", status="queued") == 1
    assert value(families, "training_queue_depth") == 2
    assert value(families, "training_workers") == 0
    assert value(families, "training_epoch_duration_seconds_count") == 2
    assert value(families, "training_epoch_duration_seconds_sum") == pytest.approx(0.2)
    assert value(families, "prediction_requests_total", model="none", outcome="error") == 1
    requests = {"http_route": "/experiments/{experiment_id}", "http_response_status_code": "404"}
    for method in ("GET", "HEAD"):
        counted = {"http_request_method": method, **requests}
        assert value(families, "http_server_request_duration_seconds_count", **counted) == 1


def value(families: dict[str, Any], name: str, **labels: str) -> float:
    """The one sample of that name with those labels."""
    [found] = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return float(found)


def test_invalid_json_has_its_problem_type(client: ApiClient) -> None:
    answer = client.put("/models/serving/mnist", content=b"{", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:trainyard:problem:not_json_error")


def test_workers_and_queue_show_experiments(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    running, waiting = (api_store.experiments.create(tiny_spec()) for _ in range(2))
    assert TrainingClaim.acquire(api_store.training_jobs, running.id, worker="host:7") is not None
    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))

    [worker] = client.get("/workers").json()["items"]
    assert (worker["name"], worker["experiments"]) == ("host:7", [running.id])
    [activity] = worker["activities"]
    assert (activity["kind"], activity["experiment_id"], activity["name"]) == ("training", running.id, "tiny")
    queue = client.get("/queue").json()
    assert (queue["queued"], [each["id"] for each in queue["items"]]) == (1, [waiting.id])
    assert [each["id"] for each in queue["running"]] == [running.id]


def test_queue_has_times_while_a_worker_is_alive(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    running, waiting = (api_store.experiments.create(tiny_spec()) for _ in range(2))
    claim = TrainingClaim.acquire(api_store.training_jobs, running.id, worker="host:7")
    assert claim is not None
    claim.show(Progress(phase="training", epochs=2, eta_seconds=40.0))
    [first] = client.get("/queue").json()["items"]
    assert (first["starts_in_seconds"], first["ends_in_seconds"]) == (None, None)

    api_store.workers.beat(Worker(name="host:7", hostname="host", pid=7))
    queue = client.get("/queue").json()
    [trained], [first] = queue["running"], queue["items"]
    assert (trained["starts_in_seconds"], trained["ends_in_seconds"]) == (0.0, 40.0)
    assert first["id"] == waiting.id
    assert first["starts_in_seconds"] == 40.0
    assert first["ends_in_seconds"] > 40.0


def test_worker_shows_what_it_measures(client: ApiClient, api_store: Store) -> None:
    memory = MemoryUse(used_bytes=3_000_000_000, total_bytes=8_000_000_000)
    device = Device(kind="gpu", name="NVIDIA H200", memory=memory, uuid="GPU-7", bfloat16=True)
    worker = Worker(name="host:7", hostname="host", pid=7, device=device, cores=2, memory=memory, trainer_bytes=10**9)
    api_store.workers.beat(worker)
    [shown] = client.get("/workers").json()["items"]
    expected = {"kind": "gpu", "name": "NVIDIA H200", "memory": shown["memory"], "uuid": "GPU-7", "bfloat16": True}
    assert shown["device"] == expected
    assert shown["memory"] == {"used_bytes": 3_000_000_000, "total_bytes": 8_000_000_000}
    assert (shown["cores"], shown["trainer_bytes"], shown["activities"]) == (2, 10**9, [])


def test_disk_use_names_the_largest(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    small, large = api_store.experiments.create(tiny_spec()), publish(api_store, tiny_spec())
    disk = client.get("/disk").json()
    assert [(each["id"], each["name"]) for each in disk["largest_experiments"]] == [
        (large.id, "tiny"),
        (small.id, "tiny"),
    ]
    assert disk["experiments_bytes"] == sum(each["bytes"] for each in disk["largest_experiments"])
    assert disk["store_bytes"] >= disk["experiments_bytes"] > 0
    assert disk["largest_datasets"] == []


def test_presets_are_built_once_per_process(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    preset_list.cache_clear()
    builds = count_builds(monkeypatch)
    first, second = client.get("/presets").json(), client.get("/presets").json()
    assert first == second
    assert len(builds) == len(PRESETS)


def test_presets_are_valid_specs(client: ApiClient) -> None:
    presets = {each["name"]: each for each in client.get("/presets").json()["items"]}

    assert {name: presets[name]["parameters"] for name in ("mnist-dnn", "mnist-cnn")} == {
        "mnist-dnn": 51_450,
        "mnist-cnn": 95_946,
    }
    for name, preset in presets.items():
        answer = client.post("/experiments:validate", json=preset["spec"])
        if PRESETS[name].upload is None:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 422
            assert [each["pointer"] for each in answer.json()["errors"]] == ["/dataset/name"]


def test_unknown_path_is_a_problem(client: ApiClient) -> None:
    answer = client.get("/nowhere")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["error"] == "No route for /nowhere. See /docs."
    assert client.put("/experiments").status_code == 405


def test_import_of_the_api_loads_what_it_needs() -> None:
    import subprocess
    import sys

    heavy = "('tensorflow', 'keras', 'sklearn', 'scipy', 'worker')"
    code = f"import sys, api.app; print([m for m in {heavy} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_layers_of_a_preset_are_its_network(client: ApiClient) -> None:
    presets = [each for each in client.get("/presets").json()["items"] if PRESETS[each["name"]].upload is None]
    assert presets[0]["layers"][0] == {
        "type": "Conv2D",
        "filters": 32,
        "kernel_size": [3, 3],
        "padding": "same",
        "activation": "relu",
    }
    for preset in presets:
        answer = client.post("/experiments:validate", json={**preset["spec"], "model": {"layers": preset["layers"]}})
        assert answer.json()["parameters"]["total"] == preset["parameters"]
