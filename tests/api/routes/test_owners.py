"""`/owners`, and what is answered to those who use too much."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from models_store.owners.quotas import Quotas
from models_store.sweeps.claim import SweepClaim
from specs.access import KeyScope
from specs.quota import QuotaSpec
from tests.support.api import ApiClient
from tests.support.contract import JsonObject
from tests.support.noise import noisy_digits
from worker.sweeps.advance import advance

EVERYTHING = tuple(each for each in KeyScope if each is not KeyScope.ADMIN)


@pytest.fixture
def quotas(keyed_client: ApiClient) -> Quotas:
    return keyed_client.services.store.quotas


def limit(quotas: Quotas, client: ApiClient, **quota: int) -> None:
    """Of ann, whose key is sent from now on."""
    quotas.owners.set("ann", QuotaSpec(**quota))
    client.sign_in(*EVERYTHING, owner="ann")


def test_admin_sets_what_an_owner_may_use(keyed_client: ApiClient, tiny_document: JsonObject) -> None:
    answer = keyed_client.put("/owners/ann", json={"running": 2, "predictions": None})
    assert answer.json()["quota"]["running"] == answer.json()["own"]["running"] == 2

    keyed_client.sign_in(*EVERYTHING, owner="ann")
    keyed_client.post("/experiments", json=tiny_document)
    own = keyed_client.get("/owners/me").json()
    assert (own["name"], own["quota"]["running"], own["quota"]["queued"]) == ("ann", 2, None)
    assert (own["used"]["running"], own["used"]["queued"], own["used"]["predictions"]) == (0, 1, 0)
    assert keyed_client.get("/owners/ann").status_code == 403
    assert keyed_client.put("/owners/ann", json={}).status_code == 403


@pytest.mark.parametrize("name", ["-", "a" * 65, "a b", ".ann", "ann%00"])
def test_only_names_of_owners_are_known(keyed_client: ApiClient, name: str) -> None:
    for method in ("GET", "PUT"):
        answer = keyed_client.request(method, f"/owners/{name}", json={})
        assert answer.status_code == 404
        assert "is not the name of an owner" in answer.json()["detail"]


@pytest.mark.parametrize(
    "document", [{"running": -1}, {"running": 1.5}, {"bytes": "1"}, {"runs": 1}, {"queued": 2**60}]
)
def test_invalid_quota_is_rejected_whole(keyed_client: ApiClient, quotas: Quotas, document: JsonObject) -> None:
    answer = keyed_client.put("/owners/ann", json={"predictions": 5, **document})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"/{next(iter(document))}"]
    assert quotas.owners.quota("ann").predictions is None


def test_full_queue_is_told(keyed_client: ApiClient, quotas: Quotas, tiny_document: JsonObject) -> None:
    limit(quotas, keyed_client, queued=2)
    assert keyed_client.post("/experiments?repeats=3", json=tiny_document).status_code == 429
    assert keyed_client.get("/experiments").json()["items"] == []
    ids = [keyed_client.post("/experiments", json=tiny_document).json()["id"] for _ in range(2)]

    answer = keyed_client.post("/experiments", json=tiny_document)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert answer.json()["type"] == "urn:trainyard:problem:quota_reached"
    assert "ann has 2 queued experiments of 2 that are allowed" in answer.json()["detail"]
    keyed_client.post(f"/experiments/{ids[0]}:cancel")
    assert keyed_client.post("/experiments", json=tiny_document).status_code == 202
    assert keyed_client.post(f"/experiments/{ids[0]}:retry").status_code == 429
    keyed_client.sign_in(*EVERYTHING, owner="bob")
    assert keyed_client.post("/experiments", json=tiny_document).status_code == 202


def test_resumed_trial_needs_room_in_the_queue(
    keyed_client: ApiClient, quotas: Quotas, tiny_document: JsonObject
) -> None:
    limit(quotas, keyed_client, queued=2)
    store = keyed_client.services.store
    training = {**tiny_document["training"], "seed": {"$search": {"int": [1, 50]}}}
    document = {"trials": 2, "parallel": 2, "experiment": {**tiny_document, "training": training}}
    sweep = keyed_client.post("/sweeps", json=document).raise_for_status().json()["id"]
    claim = SweepClaim.acquire(store.sweep_jobs, sweep, worker="worker")
    assert claim is not None
    advance(claim, store)
    for trial in store.sweeps.read(sweep).trials:
        keyed_client.post(f"/experiments/{trial.experiment_id}:cancel").raise_for_status()
    keyed_client.post("/experiments", json=tiny_document).raise_for_status()

    statuses = [keyed_client.post(f"/sweeps/{sweep}/trials/{number}:resume").status_code for number in range(2)]

    assert statuses == [202, 429]
    assert quotas.used("ann").queued == 2


def test_no_room_for_a_lock_is_told(
    keyed_client: ApiClient, quotas: Quotas, tiny_document: JsonObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(quotas, keyed_client, queued=5)
    mkdir = Path.mkdir

    def full(path: Path, *args: Any, **options: Any) -> None:
        if ".locks" in path.parts:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        mkdir(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", full)

    answer = keyed_client.post("/experiments", json=tiny_document)

    assert answer.status_code == 503
    assert "disk full: no room to write the lock of ann" in answer.json()["detail"]


def test_full_disk_of_an_owner_is_told(keyed_client: ApiClient, quotas: Quotas, tiny_document: JsonObject) -> None:
    limit(quotas, keyed_client, bytes=10)
    sent = {"archive": ("noise.zip", noisy_digits(("7", "2"), train=8, test=4))}

    answer = keyed_client.post("/datasets", data={"name": "noise"}, files=sent)

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:trainyard:problem:space_used_up"
    assert "0 bytes of 10 that are allowed, and this upload has" in answer.json()["detail"]
    assert keyed_client.get("/datasets/noise").status_code == 404
    limit(quotas, keyed_client, bytes=0)
    assert keyed_client.post("/experiments", json=tiny_document).status_code == 403


def test_predictions_of_a_day_are_limited(keyed_client: ApiClient, quotas: Quotas) -> None:
    limit(quotas, keyed_client, predictions=2)
    features = {"features": [[1.0, 2.0]]}
    # No model is published: what is counted are samples that were received.
    statuses = [keyed_client.post("/predict", json=features).status_code for _ in range(3)]
    assert statuses == [503, 503, 429]
    slow_way = keyed_client.post("/predict?top=%31", json=features)
    assert slow_way.status_code == 429
    assert "2 predictions a day" in slow_way.json()["detail"]
    assert 0 < int(slow_way.headers["retry-after"]) <= 86_400
    assert keyed_client.get("/owners/me").json()["used"]["predictions"] == 2


def test_without_keys_nothing_is_anybodys(client: ApiClient) -> None:
    answer = client.get("/owners/me")
    assert answer.status_code == 409
    assert "TRAINYARD_AUTH=keys" in answer.json()["detail"]


def test_admin_lists_what_everybody_uses(keyed_client: ApiClient, quotas: Quotas, tiny_document: JsonObject) -> None:
    limit(quotas, keyed_client, queued=1)
    assert keyed_client.post("/experiments", json=tiny_document).status_code == 202
    assert keyed_client.post("/experiments", json=tiny_document).status_code == 429
    assert keyed_client.get("/owners").status_code == 403
    keyed_client.sign_in(KeyScope.ADMIN, owner="root")

    found = {each["name"]: each for each in keyed_client.get("/owners").json()["items"]}

    assert list(found) == ["ann", "root"]
    assert (found["ann"]["used"]["queued"], found["ann"]["quota"]["queued"], found["root"]["used"]["queued"]) == (
        1,
        1,
        0,
    )
    metrics = keyed_client.get("/metrics").text
    assert 'quota_rejections_total{quota="queued"} 1.0' in metrics
    assert 'quota_rejections_total{quota="bytes"} 0.0' in metrics
