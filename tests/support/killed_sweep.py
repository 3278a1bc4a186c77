"""A sweep of many tiny trials on a real service, parts of which are killed at random moments."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
import psutil
from ulid import ULID

from models_store.experiments.folders import RECORD_FILE
from models_store.sweeps.record import SweepRecord
from models_store.sweeps.trial import TrialStatus
from tests.support.service import TRAIN_SECONDS, Service
from tests.support.waiting import eventually

Document = dict[str, Any]


class KilledSweep:
    """Kills as a function of `seed` alone: at which number of ended trials, and what."""

    def __init__(self, service: Service, trials: int, kills: int, seed: int) -> None:
        generator = random.Random(seed)
        targets: list[Callable[[], None]] = [
            self._kill_trainer,
            self._kill_pool_process,
            self._kill_worker,
            self._kill_api,
            self._restart_valkey,
            self._empty_valkey,
        ]
        generator.shuffle(targets)
        self._service = service
        self.trials = trials
        self._plan = zip(sorted(generator.sample(range(1, trials), kills)), targets * kills, strict=False)
        self.killed: list[str] = []

    def start(self) -> None:
        self._service.start_api()
        self._service.start_worker(warm=False)

    def run(self) -> SweepRecord:
        """Start the sweep, kill what was planned, and return its record when it has ended."""
        answer = self._service.ask("POST", "/sweeps", json=self._document(), headers={"Idempotency-Key": str(ULID())})
        assert answer.status_code == 202, answer.text
        sweep_id = str(answer.json()["id"])
        for ended, kill in self._plan:
            self._wait(lambda: self._ended(sweep_id) >= ended)  # noqa: B023 - called here alone
            kill()
            self.killed.append(kill.__name__.removeprefix("_"))
        self._wait(lambda: self.record(sweep_id).has_ended)
        return self.record(sweep_id)

    def record(self, sweep_id: str) -> SweepRecord:
        """From disk, which needs no API."""
        return SweepRecord.model_validate_json((self._service.store / "sweeps" / sweep_id / "sweep.json").read_bytes())

    def experiments(self, sweep_id: str) -> list[Document]:
        """All that name the sweep, on disk."""
        paths = (self._service.store / "experiments").glob(f"[!.]*/{RECORD_FILE}")
        records = [orjson.loads(path.read_bytes()) for path in paths]
        return [record for record in records if record["sweep"] == sweep_id]

    def _document(self) -> Document:
        """One epoch on a hundred points each; a grid, whose points follow from their numbers."""
        training = {"epochs": 1, "batch_size": {"$search": {"int": [1, self.trials]}}}
        experiment = {
            "dataset": {"name": "blobs", "blobs": {"n_samples": 2 * self.trials}, "split": {"test": 0.1}},
            "model": {"layers": [{"type": "Dense"}]},
            "training": training,
        }
        return {"name": "killed", "method": "grid", "trials": self.trials, "parallel": 4, "experiment": experiment}

    def _ended(self, sweep_id: str) -> int:
        return sum(trial.status is not TrialStatus.OPEN for trial in self.record(sweep_id).trials)

    def _wait(self, probe: Callable[[], bool]) -> None:
        eventually(probe, TRAIN_SECONDS * self.trials)

    # -- kills: each brings back what does not come back by itself ---------------------------------------------------

    def _kill_trainer(self) -> None:
        with suppress(psutil.NoSuchProcess):  # it has ended by itself
            self._service.busy_trainer(self._service.workers[0]).kill()

    def _kill_pool_process(self) -> None:
        with suppress(psutil.NoSuchProcess):
            self._service.pool_child(self._service.workers[0]).kill()

    def _kill_worker(self) -> None:
        self._service.kill(self._service.workers[0])
        self._service.start_worker(warm=False)

    def _kill_api(self) -> None:
        self._service.kill(self._service.apis[-1])
        self._service.start_api()

    def _restart_valkey(self) -> None:
        self._service.valkey.kill()
        self._service.valkey.restart()

    def _empty_valkey(self) -> None:
        self._service.valkey.kill()
        self._service.valkey.restart(empty=True)


def assert_undisturbed(killed: KilledSweep, sweep: SweepRecord) -> None:
    """The same trials as without any kill: each point of the grid once, in order, and one experiment for each."""
    assert sweep.status == "succeeded", sweep.error
    points = [trial.point["training.batch_size"] for trial in sweep.trials]
    assert points == list(range(1, killed.trials + 1))
    assert {trial.status for trial in sweep.trials} == {TrialStatus.SUCCEEDED}
    found = killed.experiments(sweep.id)
    assert len(found) == len(sweep.trials)
    assert {each["id"]: each["trial"] for each in found} == {
        trial.experiment_id: trial.number for trial in sweep.trials
    }
    assert {each["status"] for each in found} == {"succeeded"}
