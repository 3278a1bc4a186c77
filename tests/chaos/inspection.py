"""What must hold of the store, of Redis and of the processes when all has come to rest."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import psutil

from models_store import keys
from models_store.errors import Damaged
from models_store.experiments.folders import RECORD_FILE
from models_store.file_cache import FileCache
from models_store.sweeps.record import SweepRecord
from tests.chaos.ledger import Broken, Ledger
from tests.support.manifests import verify_manifest
from tests.support.service import TERMINAL, Service
from tests.support.waiting import eventually, has_ended

Document = dict[str, Any]
# Asked many times a second: a trial that keeps a core busy with reading would slow what it measures.
_RECORDS: FileCache[Document] = FileCache()


def experiments(store: Path) -> dict[str, Document]:
    """The records of all experiments on disk, by id."""
    found = {}
    for path in (store / "experiments").glob(f"[!.]*/{RECORD_FILE}"):
        with suppress(FileNotFoundError):
            found[path.parent.name] = _RECORDS.get(path, partial(_read, path))
    return found


def unfinished(store: Path) -> list[str]:
    """What has not ended: experiments, sweeps, datasets."""
    waiting = [f"experiment {name}" for name, each in experiments(store).items() if each["status"] not in TERMINAL]
    waiting += [f"sweep {each.id}" for each in _sweeps(store) if not each.has_ended]
    records = [orjson.loads(text) for _, text in _files(store / "datasets", "dataset.json")]
    return waiting + [f"dataset {each['name']}" for each in records if each["status"] not in ("ready", "failed")]


def broken_promises(service: Service, ledger: Ledger) -> list[Broken]:
    found = experiments(service.store)
    return [
        *ledger.faults,
        *(Broken("stuck", f"{each} does not end") for each in unfinished(service.store)),
        *_lost(service.store, found, ledger),
        *_doubled(service.store, found, ledger),
        *_unsound(service.store, found),
        *_left(service),
    ]


def leaked_processes(service: Service) -> list[Broken]:
    """One for each process that still runs on the store after the service was stopped."""
    return [
        Broken("left", f"process {each.pid} was left behind: {' '.join(each.info['cmdline'] or [])[:200]}")
        for each in psutil.process_iter(["cmdline", "environ"])
        if (each.info["environ"] or {}).get("TRAINYARD_STORE_DIR") == str(service.store) and not has_ended(each)
    ]


def _sweeps(store: Path) -> list[SweepRecord]:
    return [SweepRecord.model_validate_json(text) for _, text in _files(store / "sweeps", "sweep.json")]


def _read(path: Path) -> Document:
    return orjson.loads(path.read_bytes())  # type: ignore[no-any-return]


def _files(folder: Path, name: str) -> Iterator[tuple[Path, bytes]]:
    """The files of that name one level down; users delete some meanwhile."""
    for path in folder.glob(f"[!.]*/{name}"):
        with suppress(FileNotFoundError):
            yield path, path.read_bytes()


def _lost(store: Path, found: dict[str, Document], ledger: Ledger) -> Iterator[Broken]:
    for each in ledger.accepted.keys() - found.keys() - ledger.deleted:
        yield Broken("lost", f"experiment {each} was accepted and is lost")
    for each in ledger.sweeps - {sweep.id for sweep in _sweeps(store)} - ledger.deleted:
        yield Broken("lost", f"sweep {each} was accepted and is lost")
    for each in ledger.datasets - ledger.deleted:
        path = store / "datasets" / each / "dataset.json"
        if not path.exists():
            yield Broken("lost", f"dataset {each} was accepted and is lost")
        elif (record := orjson.loads(path.read_bytes()))["status"] != "ready":
            yield Broken("lost", f"dataset {each} is {record['status']}: {record['error']}")


def _doubled(store: Path, found: dict[str, Document], ledger: Ledger) -> Iterator[Broken]:
    names = Counter(each["spec"]["name"] for each in found.values() if each["sweep"] is None)
    yield from (Broken("doubled", f"{name!r} was created {times} times") for name, times in names.items() if times > 1)
    for sweep in (each for each in _sweeps(store) if each.id not in ledger.deleted):
        trials = [each["trial"] for each in found.values() if each["sweep"] == sweep.id]
        expected = [trial.number for trial in sweep.trials]
        if sorted(trials) != expected:
            yield Broken("doubled", f"sweep {sweep.id} has the trials {sorted(trials)} instead of {expected}")


def _unsound(store: Path, found: dict[str, Document]) -> Iterator[Broken]:
    """Each epoch once, published files that match their sha256, and failures of the disk alone."""
    for name, record in found.items():
        folder = store / "experiments" / name
        history = folder / "history.jsonl"
        lines = history.read_text().splitlines() if history.exists() else []
        epochs = [orjson.loads(line)["epoch"] for line in lines]
        planned = record["spec"]["training"]["epochs"]
        if epochs != list(range(len(epochs))) or (record["status"] == "succeeded" and len(epochs) != planned):
            sentence = f"experiment {name} is {record['status']} and has the epochs {epochs} of {planned}"
            yield Broken("unsound", sentence)
        if record["status"] == "failed" and record["error"]["type"] != "disk_full":
            yield Broken("unsound", f"experiment {name} failed: {record['error']}")
        if record["status"] == "succeeded":
            try:
                verify_manifest(folder / "artifacts")
            except (AssertionError, Damaged) as error:
                yield Broken("unsound", f"experiment {name} is published and damaged: {error}")


def _left(service: Service) -> Iterator[Broken]:
    """Temporary files, leases and messages. Those of killed processes are removed when they are two minutes old."""
    with suppress(AssertionError):
        eventually(lambda: not any(service.store.rglob(".*.tmp")))
    yield from (Broken("left", f"left behind: {path}") for path in service.store.rglob("*.tmp"))
    with service.valkey.client() as client:
        yield from (Broken("left", f"left in Redis: {key}") for key in client.scan_iter(keys.lease("*")))
        if count := client.hlen("unacked"):
            yield Broken("left", f"left in Redis: {count} messages that nobody has settled")
