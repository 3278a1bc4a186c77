import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from api.routes.events import start_after
from models_store.experiments.claim import TrainingClaim
from models_store.store import Store
from specs.experiment import ExperimentSpec
from tests.support.api import ApiClient
from tests.support.network_builds import count_builds
from tests.support.published import point, publish
from tests.support.waiting import eventually

Document = dict[str, Any]
MISSING = "01K6W3E8Z4T5V6X7Y8Z9A0B1C2"


def test_posted_experiment_is_found_at_its_location(client: ApiClient, tiny_document: Document) -> None:
    answer = client.post("/experiments", json=tiny_document)

    assert answer.status_code == 202
    record = client.get(answer.headers["Location"]).json()
    assert (record["status"], record["queue_position"], record["name"]) == ("queued", 1, "tiny")
    assert record["spec"]["training"]["optimizer"]["learning_rate"] == 0.001


@pytest.mark.parametrize("content_type", ["application/yaml", "application/x-www-form-urlencoded", None])
def test_yaml_is_read_under_any_content_type(client: ApiClient, content_type: str | None) -> None:
    body = b"name: from-yaml\nmodel: {layers: [{type: Flatten}, {type: Dense}]}\ntraining: {epochs: 1}\n"
    headers = {"Content-Type": content_type} if content_type else {}

    assert client.post("/experiments", content=body, headers=headers).json()["name"] == "from-yaml"


def test_same_idempotency_key_creates_once(client: ApiClient, tiny_document: Document) -> None:
    headers = {"Idempotency-Key": "one"}
    first = client.post("/experiments", json=tiny_document, headers=headers).json()["id"]
    again = client.post("/experiments", json=tiny_document, headers=headers)
    other = client.post("/experiments", json={**tiny_document, "name": "other"}, headers=headers)

    assert (again.status_code, again.json()["id"]) == (202, first)
    assert other.status_code == 422
    assert len(client.get("/experiments").json()["items"]) == 1


BAD_BODIES = {
    "malformed JSON": (b'{"model": ', "application/json", ""),
    "malformed YAML": (b"model: [\n", "application/yaml", ""),
    "no mapping": (b"[1, 2]", "application/json", ""),
    "empty": (b"", "application/json", ""),
    "not UTF-8": (b"\xff\xfe", "application/yaml", ""),
    "duplicate key": (b'{"name": "a", "name": "b"}', "application/json", "/name"),
    "NaN": (b'{"training": {"max_minutes": NaN}}', "application/json", "/training/max_minutes"),
    "Infinity": (b'{"training": {"max_minutes": 1e999}}', "application/json", "/training/max_minutes"),
    "deep": (b'{"model": ' * 10_000, "application/json", None),
    "unknown field": (b'{"model": {"preset": "digits-cnn"}, "training": {"epoch": 3}}', None, "/training/epoch"),
    "wrong type": (b'{"model": {"preset": "digits-cnn"}, "training": {"epochs": "3"}}', None, "/training/epochs"),
    "endless": (b'{"model": {"preset": "digits-cnn"}, "training": {"epochs": 1000000000}}', None, "/training/epochs"),
    "big batch": (b'{"model": {"preset": "digits-cnn"}, "training": {"batch_size": 1000000000}}', None, None),
    "big layer": (b'{"model": {"layers": [{"type": "Flatten"}, {"type": "Dense", "units": 1000000000}]}}', None, None),
    "impossible shape": (
        b'{"model": {"layers": [{"type": "Conv2D", "filters": 4, "kernel_size": 9}]}}',
        None,
        "/model/layers/0/kernel_size",
    ),
    "many layers": (
        json.dumps({"model": {"layers": [{"type": "Flatten"}] * 2000}}).encode(),
        "application/json",
        None,
    ),
}


@pytest.mark.parametrize("case", BAD_BODIES)
@pytest.mark.parametrize("path", ["/experiments", "/experiments:validate"])
def test_invalid_body_is_a_problem_and_stores_nothing(client: ApiClient, case: str, path: str) -> None:
    body, content_type, pointer = BAD_BODIES[case]
    headers = {"Content-Type": content_type} if content_type else {}

    answer = client.post(path, content=body, headers=headers)

    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["errors"]
    assert problem["error"] == problem["detail"]
    if pointer is not None:
        assert pointer in [each["pointer"] for each in problem["errors"]]
    assert client.get("/experiments").json()["items"] == []


@pytest.mark.parametrize("path", ["/experiments:validate?judge=true", "/sweeps?dry_run=true&judge=true"])
def test_judgement_of_a_wrong_document_is_no_error(client: ApiClient, path: str) -> None:
    wrong = {"experiment": {"model": {"layers": "none"}}, "model": {"layers": "none"}}
    answer = client.post(path, json=wrong)
    rejected = client.post(path.partition("?")[0], json=wrong)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/problem+json")
    assert (rejected.status_code, answer.json()) == (422, rejected.json())


def test_oversized_body_is_rejected_unread(client: ApiClient) -> None:
    answer = client.post("/experiments", content=b" " * 10_000_000)

    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_oversized_chunked_body_is_rejected(client: ApiClient) -> None:
    answer = client.post("/experiments", content=(b" " * 100_000 for _ in range(100)))

    assert answer.status_code == 413


def test_validation_has_layers_and_queues_nothing(client: ApiClient) -> None:
    document = {"dataset": {"name": "mnist"}, "model": {"preset": "mnist-cnn"}}
    answer = client.post("/experiments:validate", json=document).json()

    assert answer["parameters"] == {"total": 95946, "trainable": 95946, "non_trainable": 0}
    assert answer["layers"][0] == {
        "name": "conv2d",
        "type": "Conv2D",
        "output_shape": [28, 28, 64],
        "parameters": 320,
    }
    assert answer["steps_per_epoch"] == 422
    assert answer["learning_rate"]["step"][-1] == 30 * 422 - 1
    assert set(answer["learning_rate"]["value"]) == {0.001}
    assert answer["estimate"]["seconds"] > 20 * answer["estimate"]["seconds_per_epoch"] > 0
    assert answer["estimate"]["memory_mb"] > 0
    assert client.get("/experiments").json()["items"] == []


def test_validation_builds_network_once(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    builds = count_builds(monkeypatch)
    client.post("/experiments:validate", json={"dataset": {"name": "mnist"}, "model": {"preset": "mnist-cnn"}})
    assert len(builds) == 1


def beginning_with(source: str, document: Document, **dataset: Any) -> Document:
    model = {**document["model"], "weights_from": source}
    return {**document, "dataset": {**document["dataset"], **dataset}, "model": model}


def test_transferred_layers_are_shown_before_and_after(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], tiny_document: Document
) -> None:
    wanted = beginning_with(publish(api_store, tiny_spec()).id, tiny_document)
    answer = client.post("/experiments:validate", json=wanted).json()
    posted = client.post("/experiments", json=wanted)

    assert (answer["transferred_layers"], answer["warnings"]) == ({"dense": "dense"}, [])
    assert posted.status_code == 202, posted.text
    assert client.get(posted.headers["Location"]).json()["transferred_layers"] == {"dense": "dense"}
    assert client.post("/experiments:validate", json=tiny_document).json()["transferred_layers"] == {}


def test_randomly_initialized_layers_are_warned_of(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], tiny_document: Document
) -> None:
    wanted = beginning_with(publish(api_store, tiny_spec()).id, tiny_document)
    wanted["model"]["layers"] = [*tiny_document["model"]["layers"], {"type": "Softmax"}, {"type": "Dense"}]
    wanted["model"]["layers"][1] = {"type": "Dense", "units": 10}
    answer = client.post("/experiments:validate", json=wanted).json()

    assert answer["transferred_layers"] == {"dense": "dense"}
    assert answer["warnings"][-1] == (
        "model.weights_from: 1 of 2 layers with weights is transferred; random weights in dense_1 (10x10, 10)"
    )


def sources(store: Store, spec: Callable[..., ExperimentSpec]) -> dict[str, tuple[str, str]]:
    """Experiments to begin with that none can begin with: the id and what is said of it, by what is wrong."""
    damaged, gone, short, unread = (publish(store, spec()).id for _ in range(4))
    (store.experiments.artifacts(damaged) / "manifest.json").write_bytes(b"{")
    (store.experiments.artifacts(gone) / "model.keras").unlink()
    (store.experiments.artifacts(short) / "model.keras").write_bytes(b"the same")
    (store.experiments.folder(unread) / "experiment.json").write_bytes(b"")
    queued, cancelled = (store.experiments.create(spec()).id for _ in range(2))
    store.experiments.cancel(cancelled)
    return {
        "unknown": (MISSING, f"experiment {MISSING} not found"),
        "queued": (queued, f"experiment {queued} is queued; only succeeded experiments have weights to start with"),
        "cancelled": (cancelled, f"experiment {cancelled} is cancelled; only succeeded experiments"),
        "damaged": (damaged, f"experiment {damaged} is damaged: manifest.json does not parse"),
        "without its model": (gone, f"experiment {gone} is damaged: model.keras is missing"),
        "cut short": (short, f"experiment {short} is damaged: model.keras is missing or does not have the 18 bytes"),
        "without its record": (unread, f"experiment {unread} is damaged: experiment.json"),
        "no id": ("01J", "expected the id of a succeeded experiment"),
    }


@pytest.mark.parametrize("path", ["/experiments", "/experiments:validate"])
def test_unusable_weights_source_is_a_spec_problem(
    client: ApiClient,
    api_store: Store,
    tiny_spec: Callable[..., ExperimentSpec],
    tiny_document: Document,
    path: str,
) -> None:
    for case, (source, detail) in sources(api_store, tiny_spec).items():
        before = api_store.experiments.index.ids()
        answer = client.post(path, json=beginning_with(source, tiny_document))

        assert answer.status_code == 422, case
        (problem,) = answer.json()["errors"]
        assert (problem["pointer"], problem["received"]) == ("/model/weights_from", source), case
        assert problem["detail"].startswith(detail), case
        assert api_store.experiments.index.ids() == before


def test_source_without_matching_layers_is_rejected(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], tiny_document: Document
) -> None:
    source = publish(api_store, tiny_spec()).id
    answer = client.post("/experiments", json=beginning_with(source, tiny_document, classes=[1, 2]))

    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        f"/model/weights_from: no weights can be transferred from experiment {source}: none of its layers matches a "
        "layer of this network in type and shapes of weights; it has dense (64x10, 10); this network has dense "
        "(64x2, 2)"
    )


def test_source_is_kept_while_experiments_need_it(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], tiny_document: Document
) -> None:
    source = publish(api_store, tiny_spec()).id
    waiting = client.post("/experiments", json=beginning_with(source, tiny_document)).json()["id"]

    rejected = client.delete(f"/experiments/{source}?force=true")
    assert rejected.status_code == 409
    assert waiting in rejected.json()["detail"]
    claim = TrainingClaim.acquire(api_store.training_jobs, waiting, worker="test:1")
    assert claim is not None
    assert client.delete(f"/experiments/{source}?force=true").status_code == 409
    claim.cancel()
    assert client.delete(f"/experiments/{source}?force=true").status_code == 204


def test_cursor_leads_to_the_next_page(client: ApiClient, tiny_document: Document) -> None:
    posted = [client.post("/experiments", json=tiny_document).json()["id"] for _ in range(5)]
    first = client.get("/experiments?limit=2")
    second = client.get(first.links["next"]["url"])
    third = client.get(f"/experiments?limit=2&cursor={second.json()['next_cursor']}").json()

    seen = [each["id"] for page in (first.json(), second.json(), third) for each in page["items"]]
    assert seen == posted[::-1]
    assert third["next_cursor"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1000", "sort=nonsense", "status=lost", "cursor=nonsense", "color=red"]
)
def test_invalid_query_is_a_problem(client: ApiClient, query: str) -> None:
    answer = client.get(f"/experiments?{query}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("path", ["", "/history", "/events", "/evaluation", "/diagnosis"])
@pytest.mark.parametrize("experiment_id", [MISSING, "nonsense", "..%2f..%2fetc", "%00", "x" * 4096])
def test_unknown_experiment_is_not_found(client: ApiClient, experiment_id: str, path: str) -> None:
    answer = client.get(f"/experiments/{experiment_id}{path}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_history_has_the_shape_of_keras(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    record = publish(api_store, tiny_spec(), epochs=3)

    history = client.get(f"/experiments/{record.id}/history").json()
    assert history["epoch"] == [0, 1, 2]
    assert history["history"]["loss"] == [1, 1 / 2, 1 / 3]
    assert history["best"] == {"epoch": 2, "metric": "val_accuracy", "value": 1 - 1 / 3}
    assert client.get(f"/experiments/{record.id}/history?since=1").json()["epoch"] == [2]
    text = client.get(f"/experiments/{record.id}/history", headers={"Accept": "text/csv"}).text
    assert [row["epoch"] for row in csv.DictReader(io.StringIO(text))] == ["0", "1", "2"]


def test_history_has_the_duration_of_epochs(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    path = f"/experiments/{publish(api_store, tiny_spec(), epochs=3).id}/history"

    assert client.get(path).json()["seconds"] == [0.1, 0.1, 0.1]
    assert client.get(f"{path}?since=1").json()["seconds"] == [0.1]
    rows = csv.DictReader(io.StringIO(client.get(f"{path}.csv").text))
    assert [float(row["seconds"]) for row in rows] == [0.1, 0.1, 0.1]


def test_history_without_new_epochs_keeps_its_metrics(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], tiny_document: Document
) -> None:
    record = publish(api_store, tiny_spec(), epochs=3)
    waiting = client.post("/experiments", json=tiny_document).json()["id"]
    metrics = client.get(f"/experiments/{record.id}/history").json()["history"]

    nothing_new = client.get(f"/experiments/{record.id}/history?since=2").json()

    assert (nothing_new["epoch"], nothing_new["history"]) == ([], {name: [] for name in metrics})
    assert nothing_new["seconds"] == []
    not_begun = client.get(f"/experiments/{waiting}/history").json()["history"]
    assert not_begun == {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": [], "learning_rate": []}
    lines = client.get(f"/experiments/{record.id}/history.csv?since=2").text.splitlines()
    assert lines == [",".join(["epoch", *metrics, "seconds"])]


def test_format_of_history_is_negotiated_or_named(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    path = f"/experiments/{publish(api_store, tiny_spec(), epochs=3).id}/history"

    as_csv = client.get(path, headers={"Accept": "text/csv;q=0.9"})
    as_json = client.get(path, headers=[("Accept", "text/csv;q=0.1"), ("Accept", "application/json")])

    assert (as_csv.headers["Content-Type"], as_csv.headers["Vary"]) == ("text/csv; charset=utf-8", "Accept")
    assert (as_json.headers["Content-Type"], as_json.headers["Vary"]) == ("application/json", "Accept")
    assert client.get(f"{path}.csv").text == as_csv.text
    assert client.get(f"{path}.json", headers={"Accept": "text/csv"}).json() == as_json.json()
    assert client.get(f"{path}.xml").status_code == 422


def test_evaluation_is_found_after_success(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], tiny_document: Document
) -> None:
    record = publish(api_store, tiny_spec())
    waiting = client.post("/experiments", json=tiny_document).json()["id"]

    assert client.get(f"/experiments/{record.id}/evaluation").json()["accuracy"] == 0.8
    assert client.get(f"/experiments/{record.id}/evaluation?split=validation").json()["accuracy"] == 0.9
    assert "is queued" in client.get(f"/experiments/{waiting}/evaluation").json()["detail"]


def test_second_cancel_is_a_conflict(client: ApiClient, tiny_document: Document) -> None:
    path = client.post("/experiments", json=tiny_document).headers["Location"]

    assert client.post(f"{path}:cancel").json()["status"] == "cancelled"
    again = client.post(f"{path}:cancel")
    assert (again.status_code, "is cancelled" in again.json()["detail"]) == (409, True)


def test_running_experiment_is_not_deleted(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    record = api_store.experiments.create(tiny_spec())
    assert TrainingClaim.acquire(api_store.training_jobs, record.id, worker="test:1") is not None

    assert client.delete(f"/experiments/{record.id}").status_code == 409
    assert client.get(f"/experiments/{record.id}").json()["status"] == "running"


def test_deleted_experiment_is_gone(client: ApiClient, tiny_document: Document) -> None:
    path = client.post("/experiments", json=tiny_document).headers["Location"]

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/experiments").json()["items"] == []


def test_record_found_on_disk_alone_is_listed_soon(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    record = api_store.experiments.create(tiny_spec())
    api_store.experiments.index.remove(record.id)

    assert client.get(f"/experiments/{record.id}").status_code == 200
    eventually(lambda: [each["id"] for each in client.get("/experiments").json()["items"]] == [record.id])


def test_events_replay_the_history_and_end(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec]
) -> None:
    record = publish(api_store, tiny_spec(), epochs=3)

    everything = events_of(client.get(f"/experiments/{record.id}/events").text)
    assert [name for name, _ in everything] == ["epoch", "epoch", "epoch", "status", "end"]
    assert everything[0][1] == point(0).model_dump()
    assert everything[-1][1] == {"status": "succeeded"}
    rest = client.get(f"/experiments/{record.id}/events", headers={"Last-Event-ID": "1"}).text
    assert [data["epoch"] for name, data in events_of(rest) if name == "epoch"] == [2]


def test_reconnect_after_the_end_is_no_content(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], tiny_document: Document
) -> None:
    """An EventSource connects again with the last id until it is answered 204."""
    path = f"/experiments/{publish(api_store, tiny_spec(), epochs=3).id}/events"
    cancelled = f"{client.post('/experiments', json=tiny_document).headers['Location']}/events"
    client.post(cancelled.replace("/events", ":cancel"))

    for followed, last in ((path, "end-2"), (cancelled, "end")):
        assert last_id(client.get(followed).text) == last
        again = client.get(followed, headers={"Last-Event-ID": last})
        assert (again.status_code, again.content) == (204, b"")


def test_end_that_was_not_the_last_is_followed_on(client: ApiClient, api_store: Store, tiny_document: Document) -> None:
    """A client that has seen an end gets the later epochs of an experiment that runs again."""
    waiting = client.post("/experiments", json=tiny_document).json()["id"]

    assert start_after(waiting, api_store.experiments, "end-4") == 4
    assert start_after(waiting, api_store.experiments, "end") == -1


def last_id(text: str) -> str:
    return [line for line in text.splitlines() if line.startswith("id: ")][-1].removeprefix("id: ")


def events_of(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, as (name, data)."""
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.split("\n\n") if block.strip()]
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


@pytest.mark.parametrize("last", ["9" * 5000, "-1", "x"])
def test_invalid_last_event_id_replays_everything(
    client: ApiClient, api_store: Store, tiny_spec: Callable[..., ExperimentSpec], last: str
) -> None:
    record = publish(api_store, tiny_spec(), epochs=2)
    text = client.get(f"/experiments/{record.id}/events", headers={"Last-Event-ID": last}).text

    assert [name for name, _ in events_of(text)].count("epoch") == 2


def test_head_answers_like_get_without_a_body(client: ApiClient, tiny_document: Document) -> None:
    path = client.post("/experiments", json=tiny_document).headers["Location"]

    plain = {"Accept-Encoding": "identity"}
    got, head = client.get(path, headers=plain), client.head(path, headers=plain)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(got.content)), b"")
    assert client.head(f"/experiments/{MISSING}").status_code == 404


def keras_document(filters: Any = 4, answer: int = 10) -> Document:
    layers = [
        ("InputLayer", {"name": "images", "batch_shape": [None, 8, 8, 1]}),
        ("Conv2D", {"name": "conv", "filters": filters, "kernel_size": [3, 3]}),
        ("Flatten", {"name": "flat"}),
        ("Dense", {"name": "answer", "units": answer}),
    ]
    entries = [{"module": "keras.layers", "class_name": name, "config": config} for name, config in layers]
    return {"model": {"keras": {"class_name": "Sequential", "config": {"layers": entries}}}}


def test_keras_document_is_validated_with_its_layers(client: ApiClient) -> None:
    answer = client.post("/experiments:validate", json=keras_document())

    assert answer.status_code == 200, answer.text
    assert [layer["name"] for layer in answer.json()["layers"]] == ["conv", "flat", "answer"]
    assert answer.json()["parameters"]["total"] == 40 + 1450


def test_error_in_a_keras_document_is_located(client: ApiClient) -> None:
    answer = client.post("/experiments:validate", json=keras_document(filters="four"))

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/model/keras/config/layers/1/config/filters"
    assert "keras.config.layers[1] Conv2D `conv`: expected a whole number" in error["detail"]


def test_experiment_keeps_its_keras_document(client: ApiClient) -> None:
    answer = client.post("/experiments", json=keras_document())

    assert answer.status_code == 202, answer.text
    spec = client.get(answer.headers["Location"]).json()["spec"]
    assert spec["model"]["keras"] == keras_document()["model"]["keras"]
