"""Whether a run that was repeated gave the same result, by itself and over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from models_store.experiments.provenance import PROVENANCE_FILE, Provenance, read_provenance, write_provenance
from models_store.experiments.record import Record
from models_store.store import Store
from specs.experiment import parse_spec
from tests.support.api import ApiClient
from tests.support.published import bright_column_network, publish, results_on

Document = dict[str, Any]
Repeat = Callable[..., Record]
OTHER_NETWORK = bright_column_network(shift=1)


@pytest.fixture
def original(api_store: Store, tiny_document: Document) -> Record:
    spec = parse_spec({**tiny_document, "training": {**tiny_document["training"], "deterministic": False}})
    return publish(api_store, spec, results=results_on(spec.dataset.facts, 0.8))


@pytest.fixture
def repeat(api_store: Store, original: Record) -> Repeat:
    """Publish the same again with this accuracy and these changes of its provenance."""

    def make(accuracy: float, network: bytes = OTHER_NETWORK, **changes: Any) -> Record:
        spec = original.spec.parse(api_store.known_datasets())
        results = results_on(spec.dataset.facts, accuracy)
        record = publish(api_store, spec, results=results, network=network, reproduces=original.id)
        folder = api_store.experiments.artifacts(record.id)
        write_provenance(read_provenance(folder).model_copy(update=changes), folder)
        return record

    return make


def reproduction(client: ApiClient, record: Record) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/experiments/{record.id}/reproduction").raise_for_status().json()
    return answer


def test_same_weights_are_identical(client: ApiClient, original: Record, repeat: Repeat) -> None:
    found = reproduction(client, repeat(0.8, network=bright_column_network()))
    assert (found["original"], found["outcome"]) == (original.id, "identical")
    assert "the same to the bit" in found["summary"]
    assert (found["differences"], found["advice"]) == ([], None)


@pytest.mark.parametrize(("accuracy", "outcome"), [(0.78, "within_noise"), (0.3, "different")])
def test_other_weights_are_judged_by_their_answers(
    client: ApiClient, repeat: Repeat, accuracy: float, outcome: str
) -> None:
    found = reproduction(client, repeat(accuracy))
    assert found["outcome"] == outcome
    assert "training.deterministic" in found["advice"]


def test_what_differs_is_listed(client: ApiClient, repeat: Repeat) -> None:
    changes = {
        "versions": {
            "trainyard": "0.3.0",
            "python": "3.12.1",
            "tensorflow": "2.21.0",
            "keras": "3.13.0",
            "cuda": "12.9",
        },
        "device": "NVIDIA H200",
        "data_sha256": {"training": "f" * 64, "validation": "b" * 64, "test": "c" * 64},
    }
    found = reproduction(client, repeat(0.8, **changes))
    assert found["differences"] == [
        "cuda: none -> 12.9",
        "python: 3.11.7 -> 3.12.1",
        "device: AMD EPYC -> NVIDIA H200",
        "training split, sha256: aaaaaaaaaaaa -> ffffffffffff",
    ]
    assert found["advice"] is None


def test_result_of_an_older_version_is_compared_too(
    client: ApiClient, api_store: Store, original: Record, repeat: Repeat
) -> None:
    again = repeat(0.8)
    (api_store.experiments.artifacts(original.id) / PROVENANCE_FILE).unlink()
    assert "did not record it" in reproduction(client, again)["advice"]
    answer = client.get(f"/experiments/{original.id}/provenance")
    assert answer.status_code == 404
    assert "was not recorded" in answer.json()["detail"]


def test_only_repeated_runs_have_a_reproduction(client: ApiClient, original: Record) -> None:
    answer = client.get(f"/experiments/{original.id}/reproduction")
    assert answer.status_code == 404
    assert f"POST /experiments/{original.id}:reproduce" in answer.json()["detail"]


def test_reproduce_queues_the_same_spec(client: ApiClient, original: Record) -> None:
    answer = client.post(f"/experiments/{original.id}:reproduce")
    assert answer.status_code == 202
    again = answer.json()
    assert answer.headers["location"] == f"/experiments/{again['id']}"
    assert (again["reproduces"], again["based_on"], again["status"]) == (original.id, original.id, "queued")
    assert again["name"] == f"{original.name} · reproduced"
    own = {"name": again["name"], "based_on": original.id}
    assert again["spec"] == {**original.spec.document, **own}

    unfinished = client.get(f"/experiments/{again['id']}/reproduction")
    assert unfinished.status_code == 409
    assert "is queued; only a succeeded one" in unfinished.json()["detail"]
    assert client.post(f"/experiments/{again['id']}:reproduce").status_code == 409


def test_provenance_is_shown(client: ApiClient, original: Record) -> None:
    shown = client.get(f"/experiments/{original.id}/provenance").raise_for_status().json()
    assert Provenance.model_validate(shown).device == "AMD EPYC"
