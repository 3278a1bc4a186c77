"""Hundreds of experiments that wait, sent by several clients at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx2

from models_store.store import open_store
from specs.access import KeyScope, KeySpec
from tests.support.retries import answered
from tests.support.service import LEASE_SECONDS, Service
from tests.support.waiting import eventually

Document = dict[str, Any]
QUEUED, CLIENTS, PAGE = 500, 8, 200
# Of one that waits: its record in Redis, which is also on disk, and what the API keeps of it.
REDIS_BYTES, API_BYTES = 20_000, 100_000


def test_hundreds_wait_and_are_cancelled(make_service: Callable[..., Service], tiny_document: Document) -> None:
    service = make_service(auth="keys", quota_queued=QUEUED)
    api = service.start_api()
    sign_in(service)

    def post(number: int) -> httpx2.Response:
        key = {"Idempotency-Key": f"number {number}"}
        return answered(lambda: service.http.post("/experiments", json=tiny_document, headers=key))

    def cancel(experiment_id: str) -> httpx2.Response:
        return answered(lambda: service.http.post(f"/experiments/{experiment_id}:cancel"))

    with service.valkey.client() as redis, ThreadPoolExecutor(CLIENTS) as clients:
        first = post(0)
        memory = redis.info("memory")["used_memory"], api.memory_info().rss

        answers = [first, *clients.map(post, range(1, QUEUED))]

        assert {answer.status_code for answer in answers} == {202}
        # One whose view was not written in time is shown by the reconciler.
        eventually(lambda: len(every_id(service.http)) >= QUEUED)
        after = redis.info("memory")["used_memory"], api.memory_info().rss
        assert after[0] - memory[0] < QUEUED * REDIS_BYTES
        assert after[1] - memory[1] < QUEUED * API_BYTES
        assert rejected(post(QUEUED)) == "queued"
        listed = every_id(service.http)
        assert sorted(listed) == sorted({answer.json()["id"] for answer in answers})
        assert listed == sorted(listed, reverse=True)
        assert {path.name for path in (service.store / "experiments").glob("0*")} == set(listed)

        cancelled = list(clients.map(cancel, listed))

    assert {(answer.status_code, answer.json()["status"]) for answer in cancelled} == {(202, "cancelled")}
    eventually(lambda: every_id(service.http, "&status=queued") == [])
    assert answered(lambda: service.http.get("/queue")).json()["queued"] == 0
    assert post(QUEUED).status_code == 202


def sign_in(service: Service) -> None:
    store = open_store(service.store, service.valkey.url, LEASE_SECONDS, max_attempts=3, role="test")
    _, token = store.keys.create(KeySpec(scopes=(KeyScope.READ, KeyScope.RUN)), "ann")
    service.http.headers["Authorization"] = f"Bearer {token}"


def rejected(answer: httpx2.Response) -> str:
    """By which quota."""
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert f"ann has {QUEUED} queued experiments of {QUEUED} that are allowed" in answer.json()["detail"]
    return "queued"


def every_id(http: httpx2.Client, query: str = "") -> list[str]:
    """Page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        target = f"/experiments?limit={PAGE}{query}{cursor}"
        page = answered(partial(http.get, target)).raise_for_status().json()
        found += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"
