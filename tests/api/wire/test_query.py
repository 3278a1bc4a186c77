import re
from collections.abc import Collection
from typing import Any

import pytest

from models_store.store import Store
from specs import limits
from tests.support.api import ApiClient
from tests.support.published import publish


def problems(answer: Any) -> list[tuple[str, Any]]:
    assert answer.status_code == 422, answer.text
    return [(each["pointer"], each["received"]) for each in answer.json()["errors"]]


# Their other parameters are conditions on fields of experiments.
FILTERED = {"/experiments", "/experiments.csv"}
# Providers send what they like; RFC 6749, 4.1.2: what is not known is ignored.
CALLBACK = "/login/provider/callback"


def test_unknown_parameter_is_rejected_by_every_route(client: ApiClient) -> None:
    for operation in client.contract.operations():
        if operation.path == CALLBACK:
            continue
        path = re.sub(r"\{\w+\}", "x", operation.path)
        answer = client.request(operation.method, f"{path}?lmitt=3")

        assert problems(answer) == [("/query/lmitt", "3")], operation.name
        is_filtered = operation.method == "get" and operation.path in FILTERED
        word = "field" if is_filtered else "query parameter"
        assert f"unknown {word} `lmitt`; " in answer.json()["detail"], operation.name


def test_known_parameters_are_those_of_the_document(client: ApiClient) -> None:
    for operation in client.contract.operations():
        if operation.method == "get" and operation.path in {*FILTERED, CALLBACK}:
            continue
        path = re.sub(r"\{\w+\}", "x", operation.path)
        names = [each["name"] for each in operation.parameters if each["in"] == "query"]
        listed = client.request(operation.method, f"{path}?zzzzzz").json()["errors"][0]["detail"]

        known = re.fullmatch("unknown query parameter `zzzzzz`; known here: (.*)", listed)
        assert sorted(known[1].split(", ") if known else []) == sorted(names), operation.name


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/predict?datset=digits", "did you mean `dataset`? known here: dataset, experiment, top, prep, explain"),
        ("/predict?model=digits", "did you mean `dataset` or `experiment`? known here: dataset, experiment, top"),
        ("/predict:batch?model=digits", "did you mean `dataset` or `experiment`? known here: dataset"),
        ("/predict?Dataset=digits", "did you mean `dataset`?"),
        ("/predict:batch?explain=true", "known here: dataset, experiment, top, prep"),
    ],
)
def test_unknown_parameter_of_predict_is_explained(client: ApiClient, path: str, sentence: str) -> None:
    assert sentence in client.post(path, content=b"x").json()["errors"][0]["detail"]


def test_routes_without_parameters_say_so(client: ApiClient) -> None:
    answer = client.get("/health/live?verbose")

    assert answer.json()["errors"][0]["detail"] == "unknown query parameter `verbose`; this route has none"


def test_unknown_parameters_are_listed_up_to_a_limit(client: ApiClient) -> None:
    several = client.get("/experiments?lmit=3&limit=5&statu=failed")
    many = client.get("/datasets?" + "&".join(f"x{index}=1" for index in range(1000)))

    assert problems(several) == [("/query/lmit", "3"), ("/query/statu", "failed")]
    assert len(problems(many)) == limits.PROBLEMS


@pytest.mark.parametrize("path", ["/experiments?limit=2&limit=3", "/health/live?a=1&a=2"])
def test_different_values_of_parameter_are_rejected(client: ApiClient, path: str) -> None:
    assert len(problems(client.get(path))) == 1


def test_equal_values_and_lists_are_accepted(client: ApiClient, api_store: Store, tiny_spec: Any) -> None:
    first, second = (publish(api_store, tiny_spec()).id for _ in range(2))

    assert client.get("/experiments?limit=2&limit=2").status_code == 200
    assert client.get(f"/experiments/{first}/lineage").status_code == 200
    assert client.get(f"/compare/plots/history.png?ids={first}&ids={second}").status_code == 200


def test_endless_query_costs_little(keyed_client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody may send one: it is judged before the key, and by the process that answers everybody."""
    looked_up: list[str] = []

    def did_you_mean(name: str, known: Collection[str]) -> str:
        looked_up.append(name)
        return ""

    monkeypatch.setattr("api.wire.query.did_you_mean", did_you_mean)
    query = "&".join(f"limit{number}=1" for number in range(2_000))

    answer = keyed_client.get(f"/datasets/mnist/samples?{query}", headers={"Authorization": ""})

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == len(looked_up) == limits.PROBLEMS
    found = keyed_client.get("/experiments?" + "&".join(f"f{number}>=" for number in range(2_000)))
    assert (found.status_code, len(found.json()["errors"])) == (422, limits.PROBLEMS)
