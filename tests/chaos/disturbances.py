"""What is done to the service, at random moments: processes killed and paused, Valkey emptied, the network slow or
silent, the disk full."""

import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import psutil

from tests.support import local_http
from tests.support.proxy import BadNetwork
from tests.support.service import Service
from tests.support.waiting import eventually, has_ended

# Longer than a lease now and then, so that others take over what the paused process had.
_PAUSE_SECONDS = (0.2, 8.0)
_NETWORK_SECONDS = (0.5, 6.0)
_DELAY_SECONDS, _RESETS_SHARE = 0.2, 0.05
_RESERVE = 1 << 16
_ANSWER_SECONDS = 2.0


class Disturbances:
    """Chosen by `seed` alone. Each returns when it is over, except for pauses: `advance` ends those that are due.
    `disk` is a file system of its own that holds the store, if there is one; `killed` counts the processes that were
    sent SIGKILL."""

    def __init__(
        self, service: Service, network: BadNetwork, addresses: list[str], disk: Path | None, seed: int
    ) -> None:
        self._service = service
        self._network = network
        self._addresses = addresses
        self._disk = disk
        self.killed = 0
        self._chance = random.Random(seed)
        self._address_of: dict[int, str] = {}
        self._undo: list[tuple[float, Callable[[], None]]] = []
        kills = [self._kill_trainer, self._kill_pool_process, self._kill_worker, self._kill_container, self._kill_api]
        kills += [self._kill_valkey]
        others = [self._terminate_worker, self._empty_valkey, self._pause]
        others += [self._slow_network, self._silent_network, self._reset_network]
        self._kinds: list[Callable[[], str]] = [*kills, *kills, *kills, *others, *([self._fill_disk] if disk else [])]

    def start(self, apis: int, workers: int) -> None:
        for _ in range(apis):
            self._start_api()
        for _ in range(workers):
            self._service.start_worker(warm=False)
        eventually(lambda: self._count_answering() == apis)

    def next(self) -> str:
        """Do the next one; return what it was."""
        return self._chance.choice(self._kinds)()

    def advance(self) -> None:
        """End what is due, and start again what has died, as a supervisor of services would."""
        now = time.monotonic()
        for due, undo in [each for each in self._undo if each[0] <= now]:
            self._undo.remove((due, undo))
            undo()
        for worker in [each for each in self._service.workers if has_ended(each)]:
            self._service.kill(worker)
            self._service.launch_worker()
        self._count_answering()

    def end(self) -> None:
        """Undo everything at once."""
        for _, undo in self._undo:
            undo()
        self._undo.clear()
        self.advance()

    def _later(self, bounds: tuple[float, float], undo: Callable[[], None]) -> float:
        seconds = self._chance.uniform(*bounds)
        self._undo.append((time.monotonic() + seconds, undo))
        return seconds

    # -- processes ---------------------------------------------------------------------------------------------------

    def _start_api(self) -> None:
        process, address = self._service.launch_api()
        self._address_of[process.pid] = address

    def _count_answering(self) -> int:
        """Send users to those APIs as well that have started, as a load balancer does."""
        starting = set(self._address_of.values()).difference(self._addresses)
        self._addresses += filter(_answers, starting)
        return len(self._addresses)

    def _kill(self, process: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):
            process.kill()
            self.killed += 1

    def _worker(self) -> psutil.Popen:
        return self._chance.choice(self._service.workers)

    def _kill_trainer(self) -> str:
        """Or a pool process, where there is no trainer."""
        trainers = self._service.trainers(self._worker())
        if not trainers:
            return self._kill_pool_process()
        self._kill(self._chance.choice(trainers))
        return "trainer killed"

    def _kill_pool_process(self) -> str:
        with suppress(psutil.NoSuchProcess, StopIteration):
            self._kill(self._service.pool_child(self._worker()))
        return "pool process killed"

    def _kill_worker(self) -> str:
        """The main process alone: its descendants have to end by themselves."""
        self._kill(self._worker())
        return "worker killed"

    def _kill_container(self) -> str:
        """A worker with all its descendants at once, as when a container is killed or runs out of memory."""
        worker = self._worker()
        with suppress(psutil.NoSuchProcess):
            for each in [worker, *worker.children(recursive=True)]:
                self._kill(each)
        return "container killed"

    def _terminate_worker(self) -> str:
        """As a deployment does."""
        self._worker().terminate()
        return "worker terminated"

    def _kill_api(self) -> str:
        process = self._chance.choice(self._service.apis)
        address = self._address_of.pop(process.pid)
        if address in self._addresses:
            self._addresses.remove(address)
        self._kill(process)
        self._service.kill(process)
        self._start_api()
        return "API killed"

    def _kill_valkey(self, empty: bool = False) -> str:
        valkey = self._service.valkey
        valkey.resume()
        valkey.kill()
        self.killed += 1
        valkey.restart(empty=empty)
        return "Valkey killed"

    def _empty_valkey(self) -> str:
        self._kill_valkey(empty=True)
        return "Valkey emptied"

    def _pause(self) -> str:
        """One process of any kind, for a moment or for longer than its lease."""
        name, process = self._chance.choice(
            [
                ("API", self._chance.choice(self._service.apis)),
                ("worker", self._worker()),
                *(("trainer", each) for each in self._service.trainers(self._worker())),
            ]
        )
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)
            self._later(_PAUSE_SECONDS, lambda: _resume(process))
        return f"{name} paused"

    # -- network and disk --------------------------------------------------------------------------------------------

    def _slow_network(self) -> str:
        """Now and then it breaks a connection as well."""

        def mend() -> None:
            self._network.delay = self._network.resets_share = 0.0

        self._network.delay, self._network.resets_share = _DELAY_SECONDS, _RESETS_SHARE
        self._later(_NETWORK_SECONDS, mend)
        return "network slow"

    def _silent_network(self) -> str:
        self._network.be_silent()
        self._later(_NETWORK_SECONDS, lambda: self._network.be_silent(False))
        return "network silent"

    def _reset_network(self) -> str:
        self._network.reset_all()
        return "connections reset"

    def _fill_disk(self) -> str:
        assert self._disk is not None
        ballast = self._disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            file.truncate(0)
            free = shutil.disk_usage(self._disk).free - _RESERVE
            while free > 0 and file.write(bytes(1 << 20)):
                free -= 1 << 20
        self._later(_NETWORK_SECONDS, lambda: ballast.unlink(missing_ok=True))
        return "disk filled"


def _answers(address: str) -> bool:
    try:
        return local_http.get(f"{address}/health/live", timeout=_ANSWER_SECONDS).is_success
    except httpx2.TransportError:
        return False


def _resume(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGCONT)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount a file system of its own there; whether that is permitted."""
    import subprocess

    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
