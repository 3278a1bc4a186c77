"""What must hold of the store, of Redis and of the processes when all has come to rest."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil

from models_store import keys
from models_store.errors import Damaged
from models_store.experiments.folders import RECORD_FILE
from models_store.sweeps.record import SweepRecord
from tests.chaos.ledger import Ledger
from tests.support.manifests import verify_manifest
from tests.support.service import TERMINAL, Service
from tests.support.waiting import has_ended

Document = dict[str, Any]


def experiments(store: Path) -> dict[str, Document]:
    """The records of all experiments on disk, by id."""
    paths = (store / "experiments").glob(f"[!.]*/{RECORD_FILE}")
    return {path.parent.name: orjson.loads(path.read_bytes()) for path in paths}


def unfinished(store: Path) -> list[str]:
    """What has not ended: experiments, sweeps, datasets."""
    waiting = [f"experiment {name}" for name, each in experiments(store).items() if each["status"] not in TERMINAL]
    waiting += [f"sweep {each.id}" for each in _sweeps(store) if not each.has_ended]
    records = [orjson.loads(path.read_bytes()) for path in (store / "datasets").glob("[!.]*/dataset.json")]
    return waiting + [f"dataset {each['name']}" for each in records if each["status"] not in ("ready", "failed")]


def broken_promises(service: Service, ledger: Ledger) -> list[str]:
    """A sentence for each."""
    found = experiments(service.store)
    return [
        *ledger.faults,
        *_lost(service.store, found, ledger),
        *_doubled(service.store, found, ledger),
        *_unsound(service.store, found),
        *_left(service),
    ]


def leaked_processes(service: Service) -> list[str]:
    """A sentence for each process that still runs on the store after the service was stopped."""
    return [
        f"process {each.pid} was left behind: {' '.join(each.info['cmdline'] or [])[:200]}"
        for each in psutil.process_iter(["cmdline", "environ"])
        if (each.info["environ"] or {}).get("TRAINYARD_STORE_DIR") == str(service.store) and not has_ended(each)
    ]


def _sweeps(store: Path) -> list[SweepRecord]:
    return [SweepRecord.model_validate_json(path.read_bytes()) for path in (store / "sweeps").glob("[!.]*/sweep.json")]


def _lost(store: Path, found: dict[str, Document], ledger: Ledger) -> Iterator[str]:
    for each in ledger.accepted.keys() - found.keys() - ledger.deleted:
        yield f"experiment {each} was accepted and is lost"
    for each in ledger.sweeps - {sweep.id for sweep in _sweeps(store)} - ledger.deleted:
        yield f"sweep {each} was accepted and is lost"
    for each in ledger.datasets - ledger.deleted:
        path = store / "datasets" / each / "dataset.json"
        if not path.exists():
            yield f"dataset {each} was accepted and is lost"
        elif (record := orjson.loads(path.read_bytes()))["status"] != "ready":
            yield f"dataset {each} is {record['status']}: {record['error']}"


def _doubled(store: Path, found: dict[str, Document], ledger: Ledger) -> Iterator[str]:
    names = Counter(each["spec"]["name"] for each in found.values() if each["sweep"] is None)
    yield from (f"{name!r} was created {times} times" for name, times in names.items() if times > 1)
    for sweep in (each for each in _sweeps(store) if each.id not in ledger.deleted):
        trials = [each["trial"] for each in found.values() if each["sweep"] == sweep.id]
        expected = [trial.number for trial in sweep.trials]
        if sorted(trials) != expected:
            yield f"sweep {sweep.id} has the trials {sorted(trials)} instead of {expected}"


def _unsound(store: Path, found: dict[str, Document]) -> Iterator[str]:
    """Each epoch once, published files that match their sha256, and failures of the disk alone."""
    for name, record in found.items():
        folder = store / "experiments" / name
        history = folder / "history.jsonl"
        lines = history.read_text().splitlines() if history.exists() else []
        epochs = [orjson.loads(line)["epoch"] for line in lines]
        planned = record["spec"]["training"]["epochs"]
        if epochs != list(range(len(epochs))) or (record["status"] == "succeeded" and len(epochs) != planned):
            yield f"experiment {name} is {record['status']} and has the epochs {epochs} of {planned}"
        if record["status"] == "failed" and record["error"]["type"] != "disk_full":
            yield f"experiment {name} failed: {record['error']}"
        if record["status"] == "succeeded":
            try:
                verify_manifest(folder / "artifacts")
            except (AssertionError, Damaged) as error:
                yield f"experiment {name} is published and damaged: {error}"


def _left(service: Service) -> Iterator[str]:
    """Temporary files, leases and messages."""
    yield from (f"left behind: {path}" for path in service.store.rglob("*.tmp"))
    with service.valkey.client() as client:
        yield from (f"left in Redis: {key}" for key in client.scan_iter(keys.lease("*")))
        if count := client.hlen("unacked"):
            yield f"left in Redis: {count} messages that nobody has settled"
