"""A POST whose API process is killed at any of its steps, and is sent again with the same key."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.service import Service
from tests.support.waiting import PATIENCE_SECONDS

Document = dict[str, Any]
# The function before which the process ends: the key is reserved then, the record is on disk, the view has it, or the
# message is sent and only the answer is missing.
STEPS = {
    "record": "models_store.experiments.store.ExperimentStore.add",
    "view": "models_store.experiments.store.ExperimentStore.show",
    "message": "models_store.jobs.queue.Queue.enqueue",
    "answer": "models_store.holdout.holdout.Holdout.shown",
}
API = """
import os, sys, uvicorn
from pkgutil import resolve_name
owner, _, name = "{step}".rpartition(".")
owner = resolve_name(owner.rpartition(".")[0] + ":" + owner.rpartition(".")[2])
whole = getattr(owner, name)
def die_once_it_is_reserved(*arguments, **options):
    store = os.environ["TRAINYARD_STORE_DIR"]
    if any(files for _, _, files in os.walk(os.path.join(store, "idempotency"))):
        os._exit(9)
    return whole(*arguments, **options)
setattr(owner, name, die_once_it_is_reserved)
uvicorn.run("api.app:create_app", factory=True, http="api.http_protocol:HttpProtocol", port=int(sys.argv[-1]))
"""


@pytest.mark.parametrize("step", STEPS)
def test_post_retried_after_a_kill_creates_once(
    make_service: Callable[..., Service], tiny_document: Document, step: str
) -> None:
    service = make_service()
    dying = service.start_api("-c", API.format(step=STEPS[step]))
    with pytest.raises(httpx2.TransportError):
        service.post(tiny_document, **{"Idempotency-Key": "once"})
    assert dying.wait(PATIENCE_SECONDS) == 9
    service.start_api()

    retried = [service.post(tiny_document, **{"Idempotency-Key": "once"}) for _ in range(2)]

    assert len(set(retried)) == 1
    assert [path.name for path in (service.store / "experiments").glob("0*")] == retried[:1]
    assert service.get(retried[0])["status"] == "queued"
