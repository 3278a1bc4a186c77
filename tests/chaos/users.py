"""Users of the service, who keep it busy and remember what they were promised. Each is a thread."""

import random
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import httpx2

from tests.chaos.ledger import Ledger
from tests.support.archives import two_classes, zip_of

# A request may wait for Redis, a lock and the disk; it has no answer when its API is killed or paused.
_TIMEOUT_SECONDS = 15.0
# More would only wait, and the trial for them at its end.
_MAX_UNFINISHED = 8
_MAX_SWEEPS, _MAX_DATASETS = 5, 10
_LAYERS = [{"type": "Dense"}]


class Users:
    """`addresses` are those of the APIs that run at the moment, as the chaos changes them."""

    def __init__(self, addresses: list[str], ledger: Ledger, seed: int) -> None:
        self._addresses = addresses
        self._ledger = ledger
        self._seed = seed
        self._numbers = count()
        self._end = threading.Event()
        acts = [self._submit, self._search, self._upload, self._look, self._cancel, self._delete, self._pin]
        acts += [self._predict, self._predict]
        self._threads = [
            threading.Thread(target=self._live, args=(act, random.Random(f"{seed} {place}")), daemon=True)
            for place, act in enumerate(acts)
        ]

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def stop(self) -> None:
        self._end.set()
        for each in self._threads:
            each.join()

    def _live(self, act: Callable[[httpx2.Client, random.Random], None], chance: random.Random) -> None:
        with httpx2.Client(timeout=_TIMEOUT_SECONDS, verify=False) as client:
            while not self._end.is_set():
                try:
                    act(client, chance)
                except Exception:
                    self._ledger.fault(traceback.format_exc())
                self._end.wait(chance.uniform(0.1, 1.0))

    def _ask(self, client: httpx2.Client, method: str, path: str, **sent: Any) -> httpx2.Response | None:
        answer = None
        with suppress(httpx2.TransportError, IndexError):  # the API is being killed
            answer = client.request(method, random.choice(self._addresses) + path, **sent)
        self._ledger.heard(f"{method} {path}", answer)
        return answer

    def _insist(self, client: httpx2.Client, path: str, **sent: Any) -> httpx2.Response | None:
        """Post with a key, again until there is an answer: as often as it takes, it happens once."""
        headers = {"Idempotency-Key": f"{self._seed}-{next(self._numbers)}"}
        while True:
            answer = self._ask(client, "POST", path, headers=headers, **sent)
            if answer is not None and answer.status_code != 503:
                return answer
            if self._end.wait(0.3):
                return None

    # -- what they do ------------------------------------------------------------------------------------------------

    def _submit(self, client: httpx2.Client, chance: random.Random) -> None:
        if self._ledger.unfinished() >= _MAX_UNFINISHED:
            return
        name = f"run {next(self._numbers)}"
        epochs = chance.choice((1, 2, 5, 20))
        answer = self._insist(client, "/experiments", json=experiment(name, epochs, chance.randrange(1000)))
        if answer is not None:
            assert answer.status_code == 202, answer.text
            self._ledger.accept(answer.json()["id"], name)

    def _search(self, client: httpx2.Client, chance: random.Random) -> None:
        if self._ledger.unfinished() >= _MAX_UNFINISHED or chance.random() > 0.2:
            return
        kept = sorted(self._ledger.sweeps - self._ledger.deleted)
        if len(kept) >= _MAX_SWEEPS:
            self._remove(client, f"/sweeps/{kept[0]}?trials=true", kept[0])
            return
        inner = experiment("trial", 1, 0)
        inner["training"]["batch_size"] = {"$search": {"int": [8, 64]}}
        document = {"name": f"sweep {next(self._numbers)}", "trials": 3, "experiment": inner}
        answer = self._insist(client, "/sweeps", json=document)
        if answer is not None:
            assert answer.status_code == 202, answer.text
            self._ledger.sweeps.add(answer.json()["id"])

    def _upload(self, client: httpx2.Client, chance: random.Random) -> None:
        if chance.random() > 0.2:
            return
        kept = sorted(self._ledger.datasets - self._ledger.deleted)
        if len(kept) >= _MAX_DATASETS:
            self._remove(client, f"/datasets/{(gone := chance.choice(kept))}", gone)
            return
        name = f"pictures-{next(self._numbers)}"
        answer = self._ask(client, "POST", f"/datasets?name={name}", content=zip_of(two_classes()))
        if answer is not None and answer.status_code == 202:
            self._ledger.datasets.add(name)
        elif answer is not None and answer.status_code < 500:
            self._ledger.fault(f"upload {name}: {answer.status_code} {answer.text}")

    def _look(self, client: httpx2.Client, chance: random.Random) -> None:
        """The one who judges the order of answers: no other user reports what was seen."""
        everything = sorted(self._ledger.accepted)
        recent = self._ledger.choose("queued", "running")[:6]
        for experiment_id in recent + chance.sample(everything, min(2, len(everything))):
            answer = self._ask(client, "GET", f"/experiments/{experiment_id}")
            if answer is not None and answer.status_code == 200:
                self._ledger.saw(experiment_id, answer.json()["status"])
            elif answer is not None and answer.status_code == 404 and experiment_id not in self._ledger.deleted:
                self._ledger.fault(f"experiment {experiment_id} was accepted, then not found")
        self._ask(client, "GET", "/experiments?limit=20")

    def _cancel(self, client: httpx2.Client, chance: random.Random) -> None:
        running = self._ledger.choose("queued", "running")
        if running and chance.random() < 0.15:
            self._ask(client, "POST", f"/experiments/{chance.choice(running)}:cancel")

    def _delete(self, client: httpx2.Client, chance: random.Random) -> None:
        ended = self._ledger.choose("succeeded", "failed", "cancelled")
        if len(ended) > 5 and chance.random() < 0.3:
            chosen = chance.choice(ended)
            self._remove(client, f"/experiments/{chosen}", chosen)

    def _remove(self, client: httpx2.Client, path: str, name: str) -> None:
        """What may have been deleted is no longer promised; a refusal (it serves) is one."""
        self._ledger.deleted.add(name)
        answer = self._ask(client, "DELETE", path)
        if answer is not None and answer.status_code == 409:
            self._ledger.deleted.discard(name)

    def _pin(self, client: httpx2.Client, chance: random.Random) -> None:
        trained = self._ledger.choose("succeeded")
        if trained and chance.random() < 0.3:
            self._ask(client, "PUT", "/models/serving/blobs", json={"experiment_id": chance.choice(trained)})
        elif chance.random() < 0.1:
            self._ask(client, "PUT", "/models/serving/blobs", json={"policy": "best"})

    def _predict(self, client: httpx2.Client, chance: random.Random) -> None:
        values = [chance.uniform(-9, 9), chance.uniform(-9, 9)]
        answer = self._ask(client, "POST", "/predict?dataset=blobs", json={"features": values})
        if answer is not None and answer.status_code == 200 and len(answer.json()["predictions"]) != 1:
            self._ledger.fault(f"a prediction has {answer.text[:300]}")


def experiment(name: str, epochs: int, seed: int) -> dict[str, Any]:
    """Trains for a fraction of a second up to some."""
    return {
        "name": name,
        "dataset": {"name": "blobs", "blobs": {"n_samples": 400}, "split": {"test": 0.2}},
        "model": {"layers": _LAYERS},
        "training": {"epochs": epochs, "batch_size": 16, "seed": seed},
    }
