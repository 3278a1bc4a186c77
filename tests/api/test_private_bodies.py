"""What is private to ann, named by bob in the bodies and paths of operations on what is his, or public: the answers are
those for what does not exist (`test_private` walks everything else)."""

from pathlib import Path
from typing import Any

from settings import Settings
from tests.api.test_private import (
    MADE_UP,
    Names,
    add_private,
    add_public,
    as_bob,
    make_client,
    searched,
    unknown,
)
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.valkey import Valkey

LAYERS = [{"type": "Flatten"}, {"type": "Dense"}]
LATER = "2027-03-01T18:00:00+01:00"


def questions(names: Names, public: str, mine: str) -> list[tuple[str, str, JsonObject | None]]:
    one, dataset, sweep = names["experiment_id"], names["dataset"], names["sweep_id"]
    base: dict[str, Any] = {"name": "x", "dataset": {"name": "digits"}, "model": {"layers": LAYERS}}
    weights = {**base, "model": {"layers": LAYERS, "weights_from": one}}
    assignment = {"class": "b7", "title": "t", "deadline": LATER}
    return [
        *(("POST", f"/experiments/{each}/evaluations", {"dataset": dataset}) for each in (public, mine)),
        ("GET", f"/experiments/{public}/evaluations/{dataset}", None),
        ("PUT", "/models/serving/digits", {"experiment_id": one}),
        ("PUT", f"/models/serving/{dataset}", {"experiment_id": public}),
        ("PUT", f"/models/serving/{dataset}", {"policy": "best"}),
        ("POST", "/assignments", {**assignment, "base": {**base, "dataset": {"name": dataset}}}),
        ("POST", "/assignments", {**assignment, "base": weights}),
        ("POST", "/experiments:validate", {**base, "based_on": one}),
        ("POST", f"/experiments/{one}/comments", {"text": "x"}),
        ("POST", f"/experiments/{one}/samples/validation/0/label", {"label": "1"}),
        ("GET", f"/experiments?model.weights_from={one}&fields=summary", None),
        ("GET", f"/experiments?id={one}&fields=summary", None),
        ("GET", f"/experiments?name={dataset}&fields=summary", None),
        ("GET", f"/v2/models/digits/versions/{one}", None),
        ("POST", f"/v2/models/digits/versions/{one}/infer", {"inputs": []}),
        ("POST", f"/v1/models/{dataset}:predict", {"instances": []}),
        ("GET", f"/datasets/{dataset}-corrections", None),
        ("POST", f"/sweeps/{sweep}/trials/0:resume", None),
        ("POST", "/sweeps?dry_run=true", searched({**weights, "training": {}})),
    ]


def answers(client: ApiClient, names: Names, public: str, mine: str) -> dict[str, tuple[int, str]]:
    """By question, with the names of what is asked for in place of their values."""
    found = {}
    for method, url, body in questions(names, public, mine):
        answer = client.request(method, url) if body is None else client.request(method, url, json=body)
        question, text = f"{method} {url} {body}", answer.text
        for name, value in names.items():
            question, text = question.replace(value, f"<{name}>"), text.replace(value, f"<{name}>")
        found[question] = (answer.status_code, MADE_UP.sub("", text))
    return found


def test_named_in_a_body_it_does_not_exist(
    settings: Settings, tmp_path: Path, tiny_document: JsonObject, valkey: Valkey
) -> None:
    with make_client(settings, tmp_path, valkey) as client:
        public = add_public(client, tiny_document)["experiment_id"]
        private = add_private(client, tiny_document, public)
        as_bob(client)
        assert client.post("/classes", json={"name": "b7", "students": ["Cem"]}).status_code == 201
        mine = client.post("/experiments", json=tiny_document).json()["id"]

        asked = answers(client, private, public, mine)
        control = answers(client, unknown(private), public, mine)

    assert asked == control
    assert {status for status, _ in asked.values()} <= {200, 400, 404, 422}
