"""One service for many tests, repaired and emptied before each of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from models_store.jobs.drains import DRAINS_FILE, FOLDER
from tests.support.service import TERMINAL, Service
from tests.support.valkey import Valkey
from tests.support.waiting import eventually, has_ended


class SharedService:
    """Starts one API and one warm worker once instead of for every test; a test may break all of it."""

    def __init__(self, make_folder: Callable[[], Path]) -> None:
        self._make_folder = make_folder
        self._service = self._new_service()

    def lend(self) -> Service:
        """Return the service with one API, one worker, an empty store and empty logs."""
        try:
            self._restore()
        except (AssertionError, httpx2.HTTPError):
            # What the last test left cannot be repaired.
            self.stop()
            self._service = self._new_service()
            self._restore()
        return self._service

    def stop(self) -> None:
        self._service.stop()
        self._service.valkey.stop()

    def _new_service(self) -> Service:
        folder = self._make_folder()
        return Service(folder, Valkey(folder / "valkey"))

    def _restore(self) -> None:
        valkey = self._service.valkey
        if not valkey.is_running:
            valkey.start()
        valkey.resume()
        self._keep_one_api()
        self._replace_drained_workers()
        self._keep_one_worker()
        eventually(self._empty_store)
        # Messages of killed workers wait in Redis for the visibility timeout; the index is rebuilt at once.
        with valkey.client() as client:
            client.flushall()
        eventually(self._lists_nothing)
        self._service.ask("POST", "/queue:resume")
        self._service.clear_logs()

    def _keep_one_api(self) -> None:
        # Requests go to the newest one.
        for process in list(self._service.apis):
            if process is not self._service.apis[-1] or has_ended(process):
                self._service.kill(process)
        if not self._service.apis:
            self._service.start_api()

    def _replace_drained_workers(self) -> None:
        """One that gave back its experiment has no warm trainer."""
        drains = self._service.store / FOLDER / DRAINS_FILE
        if drains.exists():
            for worker in list(self._service.workers):
                self._service.kill(worker)
            drains.unlink()

    def _keep_one_worker(self) -> None:
        alive = [worker for worker in self._service.workers if not has_ended(worker)]
        for worker in list(self._service.workers):
            if worker not in alive[:1]:
                self._service.kill(worker)
        if not self._service.workers:
            self._service.start_worker()

    def _empty_store(self) -> bool:
        """Cancel and delete what there is; return whether nothing is left. What runs ends a little later."""
        http, store = self._service.http, self._service.store
        for sweep in self._service.ask("GET", "/sweeps").json()["items"]:
            if sweep["status"] not in TERMINAL:
                http.post(f"/sweeps/{sweep['id']}:cancel")
            http.delete(f"/sweeps/{sweep['id']}?trials=true")
        for name in _names(store / "experiments"):
            answer = http.get(f"/experiments/{name}")
            if answer.is_success and answer.json()["status"] not in TERMINAL:
                http.post(f"/experiments/{name}:cancel")
            http.delete(f"/experiments/{name}?force=true")
        for name in _names(store / "datasets"):
            http.delete(f"/datasets/{name}")
        return not any(_names(store / kind) for kind in ("sweeps", "experiments", "datasets"))

    def _lists_nothing(self) -> bool:
        answer = self._service.http.get("/experiments")
        return answer.is_success and answer.json()["items"] == []


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if not each.name.startswith(".")]


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedService]:
    shared = SharedService(lambda: tmp_path_factory.mktemp("service"))
    yield shared
    shared.stop()


@pytest.fixture
def service(shared_service: SharedService) -> Service:
    """An API and one warm worker on an empty store. The test may kill, pause and damage any of it."""
    return shared_service.lend()
