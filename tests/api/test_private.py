"""What is private to ann is not there for bob: every operation of the OpenAPI document is asked for it by id and by
name, in path, query and body, and answers as it answers for what does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models_store.experiments.record import Record
from models_store.store import Store
from settings import Settings
from specs.access import KeyScope
from specs.evaluation import parse_evaluation
from specs.experiment import parse_spec
from specs.sweep import parse_sweep
from tests.support.api import ApiClient
from tests.support.contract import JsonObject, Operation
from tests.support.every_answer import PLOTS, targets
from tests.support.noise import noisy_digits
from tests.support.published import bright_column_network, finish
from tests.support.valkey import Valkey
from tests.support.waiting import eventually
from worker.jobs.supervisor import Supervisor

EVERYTHING = tuple(each for each in KeyScope if each is not KeyScope.ADMIN)
UNKNOWN = "01KZZZZZZZZZZZZZZZZZZZZZZZ"
# What the machine does as a whole, which nobody hides.
LIVE = {"GET /metrics", "GET /disk", "GET /events", "GET /workers"}
MADE_UP = re.compile(r"01[0-9A-HJKMNP-TV-Z]{24}|\d{4}-\d\d-\d\dT[\d:.]+Z|\d+\.\d+ ?s|\"(free|store)_bytes\":\d+")
TOKENS = [f"<{each}>" for each in ("experiment_id", "group_id", "sweep_id", "waiting", "dataset")]
Names = dict[str, str]
"""By the parameter that names it."""


def published(store: Store, document: JsonObject, **created: Any) -> Record:
    record = store.experiments.create(parse_spec(document, store.known_datasets()), **created)
    return finish(store, record)


def add_public(client: ApiClient, document: JsonObject) -> Names:
    store = client.services.store
    mine = published(store, {**document, "name": "shown"}, owner="ann")
    store.sweeps.cancel(store.sweeps.create(parse_sweep(searched(document)), owner="ann").id)
    return {"experiment_id": mine.id}


def searched(document: JsonObject) -> JsonObject:
    sizes = {"$search": {"choice": [16, 32]}}
    return {"name": "sizes", "experiment": {**document, "training": {**document["training"], "batch_size": sizes}}}


def add_private(client: ApiClient, document: JsonObject, based_on: str) -> Names:
    """One of everything, better than what is public; hush17 by name."""
    store = client.services.store
    with store.datasets.receive_archive() as archive:
        archive.write(noisy_digits(("7", "2"), train=8, test=4))
        store.datasets.add("hush17", archive, owner="ann", private=True)
    worker = Supervisor(store, client.services.settings, "test:1", lambda: False)
    worker.convert("hush17")
    hidden = {"name": "hush17", "tags": ["hush17"], "notes": "hush17", "based_on": based_on}
    best = finish(
        store,
        store.experiments.create(parse_spec({**document, **hidden}), owner="ann", private=True),
        val_accuracy=0.99,
        network=bright_column_network(1),
    )
    group = store.groups.create(parse_spec({**document, **hidden}), 2, None, b"", {}, owner="ann", private=True)
    on_secret = {
        "name": "hush17",
        "dataset": {"name": "hush17"},
        "preprocessing": {"image_size": [8, 8]},
        "model": {"layers": [{"type": "Flatten"}, {"type": "Dense"}]},
        "training": {"epochs": 1, "batch_size": 4},
    }
    waiting = store.experiments.create(parse_spec(on_secret, store.known_datasets()), owner="ann", private=True)
    sweep = store.sweeps.create(parse_sweep({**searched(document), "name": "hush17"}), owner="ann", private=True)
    store.evaluations.add(based_on, parse_evaluation({"dataset": "hush17"}, store.known_datasets()))
    worker.evaluate(based_on, "hush17")
    return {
        "experiment_id": best.id,
        "group_id": group[0].id,
        "sweep_id": sweep.id,
        "dataset": "hush17",
        "name": "hush17",
        "model": "hush17",
        "waiting": waiting.id,
    }


def make_client(settings: Settings, folder: Path, valkey: Valkey) -> ApiClient:
    with valkey.client() as redis:
        redis.flushall()
    changed = {"auth": "keys", "rate_failed_keys": 0, "rate_read": 0, "rate_write": 0, "store_dir": folder}
    return ApiClient(settings.model_copy(update=changed))


@pytest.fixture
def both(settings: Settings, tmp_path: Path, tiny_document: JsonObject) -> JsonObject:
    return {"settings": settings, "root": tmp_path, "document": tiny_document}


def values(names: Names, public: Names) -> dict[str, list[str]]:
    """What to ask for: `names`, and what is public beside them."""
    ids = f"{public['experiment_id']},{names['experiment_id']}"
    return {
        **{
            each: ["none"]
            for each in ("prediction_id", "webhook_id", "key_id", "class_name", "handle", "assignment_id")
        },
        **{each: [value] for each, value in names.items()},
        "split": ["validation"],
        "index": ["1"],
        "number": ["0"],
        "ids": [ids],
        "file": ["model.onnx", "history.jsonl", "experiment.json"],
        **PLOTS,
    }


def bodies(operation: Operation, names: Names) -> Iterator[JsonObject | None]:
    """In each of them something private is named, in the places in which things are named."""
    if operation.method == "get":
        yield None
        return
    described = operation.request_content.get("application/json", {})
    yield from (each["value"] for each in list(described.get("examples", {}).values())[:2])
    if operation.parameters and "path" in {each["in"] for each in operation.parameters}:
        yield from ({}, {"private": True}, {"star": True})
        return
    one, dataset, sweep = names["experiment_id"], names["dataset"], names["sweep_id"]
    layers = [{"type": "Flatten"}, {"type": "Dense"}]
    base = {"name": "x", "dataset": {"name": "digits"}, "model": {"layers": layers}, "training": {"epochs": 1}}
    yield {**base, "dataset": {"name": dataset}}
    yield {**base, "dataset": {"name": "digits", "add": [dataset]}}
    yield {**base, "model": {"layers": layers, "weights_from": one}}
    yield {"continue_from": one}
    yield {"from": sweep, **searched(base)}
    yield searched({**base, "dataset": {"name": dataset}})


def queries(operation: Operation, names: Names) -> Iterator[str]:
    one, dataset, sweep = names["experiment_id"], names["dataset"], names["sweep_id"]
    yield ""
    if operation.path in {"/predict", "/predict:batch"}:
        yield f"?experiment={one}"
        yield f"?dataset={dataset}"
    if operation.path in ("/models/best", "/models/promotions"):
        yield f"?dataset={dataset}"
    if operation.path == "/experiments":
        yield f"?sweep={sweep}"
        yield f"?group={names['group_id']}"
        yield f"?dataset={dataset}&fields=summary"
        yield f"?tag={dataset}"
        yield f"?based_on={one}"


def ask_everything(client: ApiClient, names: Names, public: Names) -> dict[str, tuple[int, str]]:
    """Each answer by its question, without what differs from request to request. Names are replaced by what they name,
    so that the answers to private and to unknown ones can be compared."""
    answers = {}
    known = {value: f"<{name}>" for name, value in names.items() if name not in {"name", "model"}}
    found = values(names, public)
    for operation in sorted(client.contract.operations(), key=lambda each: each.method == "delete"):
        if operation.name in LIVE or operation.path.endswith("/events"):
            continue
        for target in targets(operation, found):
            for query in queries(operation, names):
                for body in bodies(operation, names):
                    method, url = operation.method.upper(), f"{target}{query}"
                    answer = client.request(method, url) if body is None else client.request(method, url, json=body)
                    question = f"{operation.name} {target}{query} {body}"
                    text = answer.text
                    for value, name in known.items():
                        question, text = question.replace(value, name), text.replace(value, name)
                    answers[question] = (answer.status_code, MADE_UP.sub("", text))
    return answers


def unknown(names: Names) -> Names:
    changed = {name: UNKNOWN[:-1] + str(number) for number, name in enumerate(names)}
    # As long as the private one: lengths are reported.
    return {**changed, **dict.fromkeys(("dataset", "name", "model"), "nowher")}


def as_bob(client: ApiClient) -> None:
    client.sign_in(*EVERYTHING, owner="bob")
    eventually(lambda: client.get("/experiments").is_success)
    eventually(lambda: client.get("/v2/models/digits/ready").is_success)


def test_private_is_answered_as_unknown(both: JsonObject, valkey: Valkey) -> None:
    with make_client(both["settings"], both["root"] / "one", valkey) as client:
        public = add_public(client, both["document"])
        private = add_private(client, both["document"], public["experiment_id"])
        as_bob(client)

        asked = ask_everything(client, private, public)
        control = ask_everything(client, unknown(private), public)

    assert asked.keys() == control.keys()
    assert len(asked) > 300
    # What bob has made meanwhile differs; of what ann has it is the names that are asked for.
    named = [each for each in asked if any(token in each for token in TOKENS)]
    assert len(named) > 250
    differ = {each: (asked[each], control[each]) for each in named if asked[each] != control[each]}
    assert differ == {}
    told = [each for each, (_, text) in asked.items() if any(token in text and token not in each for token in TOKENS)]
    assert told == []
    assert not [each for each, (_, text) in asked.items() if "hush17" in text]
