"""A trial of the whole service: users use it, disturbances disturb it, and what was promised is inspected."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from tests.chaos.disturbances import Disturbances, small_disk
from tests.chaos.inspection import broken_promises, experiments, leaked_processes, unfinished
from tests.chaos.ledger import Broken, Ledger
from tests.chaos.report import LEASE_SECONDS, SWEEP_SECONDS, Report
from tests.chaos.users import Users
from tests.support import local_http
from tests.support.proxy import bad_network
from tests.support.service import TERMINAL, new_service
from tests.support.waiting import eventually

Document = dict[str, Any]

_DISK_MEGABYTES = 300
_STEP_SECONDS, _BETWEEN_SECONDS, _ANSWER_SECONDS = 0.1, (0.2, 3.0), 2.0
_MAX_AT_ONCE = 3
_PAUSE = threading.Event()
# An experiment may be killed as often as chance wants without being given up as one that kills its trainer.
_MAX_ATTEMPTS = 100


# How far an experiment has come: its attempts, and the bytes of its history.
_Progress = tuple[int, int]


class _Waiting(NamedTuple):
    """A disturbance after which not all goes on yet."""

    began: float
    name: str
    running: dict[str, _Progress]


class ChaosTrial:
    """Ends after `seconds`, or after `disturbances` of them; the rest of the time is for what was accepted to end."""

    def __init__(
        self, folder: Path, seed: int, seconds: float, disturbances: int, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._folder = folder
        self._seed = seed
        self._seconds = seconds
        self._wanted = disturbances
        self._say = say
        self._report = Report()
        self._ledger = Ledger()
        self._addresses: list[str] = []
        self._waiting: list[_Waiting] = []

    def run(self) -> Report:
        settings = {"lease_seconds": LEASE_SECONDS, "reconcile_seconds": SWEEP_SECONDS, "max_attempts": _MAX_ATTEMPTS}
        with small_disk(self._folder / "store", _DISK_MEGABYTES) as has_disk:
            with (
                new_service(self._folder, **settings) as service,
                bad_network(service.valkey.port, self._seed) as network,
            ):
                service.environment["REDIS_URL"] = network.url
                disk = service.store if has_disk else None
                self._service = service
                self._disturbances = Disturbances(service, network, self._addresses, disk, self._seed)
                self._disturbances.start(apis=2, workers=2)
                self._disturb()
                self._come_to_rest()
                self._report.promises_broken += broken_promises(service, self._ledger)
            self._report.promises_broken += leaked_processes(service)
        self._report.accepted = len(self._ledger.accepted)
        self._report.killed = self._disturbances.killed
        self._report.answers = self._ledger.answers
        return self._report

    def _disturb(self) -> None:
        chance = random.Random(f"{self._seed} pauses")
        users = Users(self._addresses, self._ledger, self._seed)
        users.start()
        end = time.monotonic() + self._seconds
        try:
            while time.monotonic() < end and self._report.done.total() < self._wanted:
                self._go_on(chance.uniform(*_BETWEEN_SECONDS))
                eventually(lambda: self._go_on(_STEP_SECONDS) < _MAX_AT_ONCE)
                running = self._running()
                began = time.monotonic()
                name = self._disturbances.next()
                self._report.done[name] += 1
                self._waiting.append(_Waiting(began, name, running))
                self._say(f"{name}; {len(running)} experiments were running")
            self._disturbances.end()
            eventually(lambda: self._go_on(_STEP_SECONDS) == 0)
        except AssertionError:
            names = ", ".join(each.name for each in self._waiting)
            self._report.promises_broken.append(Broken("stuck", f"not recovered from: {names}"))
        finally:
            users.stop()

    def _go_on(self, seconds: float) -> int:
        """Let time pass, and note what has recovered; return how many disturbances have not."""
        end = time.monotonic() + seconds
        while True:
            self._disturbances.advance()
            answers = self._answers()
            for each in [each for each in self._waiting if answers and self._has_recovered(each)]:
                self._waiting.remove(each)
                took = time.monotonic() - each.began
                self._report.recoveries.append(took)
                self._say(f"  {each.name}: recovered after {took:.1f} s")
            if time.monotonic() >= end:
                return len(self._waiting)
            _PAUSE.wait(_STEP_SECONDS)

    def _running(self) -> dict[str, _Progress]:
        """How far those have come that are running."""
        return {
            name: self._progress(name, record)
            for name, record in experiments(self._service.store).items()
            if record["status"] == "running"
        }

    def _progress(self, experiment_id: str, record: Document) -> _Progress:
        history = self._service.store / "experiments" / experiment_id / "history.jsonl"
        with suppress(FileNotFoundError):
            return record["attempts"], history.stat().st_size
        return record["attempts"], 0

    def _has_recovered(self, waiting: _Waiting) -> bool:
        """Whether each that was running has ended, has another attempt, or has made another epoch."""
        found = experiments(self._service.store)
        return all(
            name not in found or found[name]["status"] in TERMINAL or self._progress(name, found[name]) != progress
            for name, progress in waiting.running.items()
        )

    def _answers(self) -> bool:
        for address in self._addresses:
            with suppress(httpx2.HTTPError):
                return local_http.get(f"{address}/health/live", timeout=_ANSWER_SECONDS).is_success
        return False

    def _come_to_rest(self) -> None:
        """Wait while something ends; the inspection tells of what does not."""
        with suppress(AssertionError):
            while not self._rests():
                eventually(partial(self._advances, unfinished(self._service.store)))

    def _advances(self, remaining: list[str]) -> bool:
        return self._rests() or unfinished(self._service.store) != remaining

    def _rests(self) -> bool:
        self._disturbances.advance()
        with self._service.valkey.client() as client:
            settled = not client.hlen("unacked")
        return settled and not unfinished(self._service.store)
