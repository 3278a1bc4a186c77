"""Records and messages of a newer version, while it is rolled out beside this one."""

from collections.abc import Callable
from typing import Any

import orjson

from tests.support.service import Service
from tests.support.waiting import eventually

Document = dict[str, Any]
NEWER = 999
# Processes of a later release, whose records have members that this one does not know.
_NEWER_VERSION = f"""
import sys
from models_store import versions
versions.SCHEMA_VERSION = {NEWER}
"""
NEWER_WORKER = f"""{_NEWER_VERSION}
from celery.__main__ import main
options = ["-P", "prefork", "-c", "1", "--without-gossip", "--without-mingle"]
sys.argv = ["celery", "-A", "worker.app", "worker", *options]
main()
"""
NEWER_API = f"""{_NEWER_VERSION}
from api.server import main
main()
"""
SENTENCE = f"in version {NEWER} of the store; this one reads up to version 2 and leaves it as it is: update"


def rewrite(service: Service, experiment_id: str, **members: object) -> bytes:
    """As a newer release writes it, to disk alone; returns what is there."""
    path = service.store / "experiments" / experiment_id / "experiment.json"
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "schema_version": NEWER, **members}))
    return path.read_bytes()


def forget_all(service: Service) -> None:
    with service.valkey.client() as client:
        client.flushall()
    eventually(lambda: service.http.get("/experiments").is_success)


def test_newer_record_is_left_as_it_is(make_service: Callable[..., Service], tiny_document: Document) -> None:
    """Also one in a status that this version does not know. The newer one takes what waits, beside this one."""
    service = make_service()
    service.start_api()
    service.start_worker(warm=False)
    service.ask("POST", "/queue:pause")
    waiting, unknown = (service.post({**tiny_document, "name": name}) for name in ("waits", "unknown"))
    written = {waiting: rewrite(service, waiting, colour="blue")}
    written[unknown] = rewrite(service, unknown, status="archived", colour="red")
    forget_all(service)
    service.ask("POST", "/queue:resume")

    ordinary = service.post(tiny_document)
    assert service.wait_for_end(ordinary)["status"] == "succeeded"
    listed = {each["id"]: each for each in service.ask("GET", "/experiments").json()["items"]}
    for experiment_id, name in ((waiting, "waits"), (unknown, "unknown")):
        record = service.get(experiment_id)
        assert (record["status"], record["name"], record["damaged"]) == ("newer", name, [])
        assert SENTENCE in record["error"]["message"]
        assert listed[experiment_id]["status"] == "newer"
        url = f"/experiments/{experiment_id}"
        answers = [service.ask("POST", f"{url}:{verb}") for verb in ("cancel", "stop", "retry")]
        answers += [service.ask("PATCH", url, json={"notes": "x"}), service.ask("DELETE", f"{url}?force=true")]
        assert {answer.status_code for answer in answers} == {409}
        assert all(SENTENCE in answer.json()["detail"] for answer in answers)
        folder = service.store / "experiments" / experiment_id
        assert (folder / "experiment.json").read_bytes() == written[experiment_id]
    assert [each["id"] for each in service.ask("GET", "/experiments?status=newer").json()["items"]] == [
        unknown,
        waiting,
    ]

    older = service.http.base_url
    service.start_worker("-c", NEWER_WORKER, warm=False)
    service.start_api("-c", NEWER_API)
    assert service.wait_for_end(waiting)["status"] == "succeeded"
    service.http.base_url = older
    after = orjson.loads((service.store / "experiments" / waiting / "experiment.json").read_bytes())
    assert (after["attempts"], after["colour"], after["schema_version"]) == (1, "blue", NEWER)
    assert service.get(waiting)["status"] == "newer"
    assert service.get(ordinary)["status"] == "succeeded"


def test_added_members_survive_an_older_release(service: Service, tiny_document: Document) -> None:
    """A later release of the same version of the store has added one: what this one changes still has it."""
    experiment_id = service.post(tiny_document)
    service.wait_for_end(experiment_id)
    rewrite(service, experiment_id, schema_version=2, colour={"of": ["the", "rainbow"]})
    forget_all(service)

    assert service.ask("PATCH", f"/experiments/{experiment_id}", json={"notes": "seen"}).is_success

    path = service.store / "experiments" / experiment_id / "experiment.json"
    assert orjson.loads(path.read_bytes())["colour"] == {"of": ["the", "rainbow"]}
    assert service.assert_sound(experiment_id, epochs=2)["notes"] == "seen"
