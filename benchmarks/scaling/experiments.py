"""Experiments without trainers: trained by hand, or copied to disk by the thousand."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ulid import ULID

from models_store.experiments.claim import TrainingClaim
from models_store.experiments.history import encode
from models_store.experiments.points import MetricValues, Point
from models_store.experiments.record import Progress, Record
from models_store.store import Store
from specs.experiment import parse_spec
from specs.presets import PRESETS
from tests.models_store.results import stage

EPOCHS = 20
EPOCH_SECONDS = 30.0
SPEC = parse_spec({**PRESETS["digits-cnn"].spec, "tags": ["scale"]})
# Of the same content, so that 100,000 take little disk; a file has at most 65,000 names on ext4.
_LINKS = 20_000


def point(epoch: int) -> Point:
    metrics: MetricValues = {
        "accuracy": 0.9,
        "loss": 0.3,
        "val_accuracy": 0.5 + epoch / 1000,
        "val_loss": 0.4,
        "learning_rate": 1e-3,
    }
    return Point(epoch=epoch, seconds=EPOCH_SECONDS, metrics=metrics)


def progress(step: int = 1, eta: float | None = None) -> Progress:
    return Progress(
        phase="training",
        epoch=3,
        epochs=EPOCHS,
        step=step,
        steps_per_epoch=400,
        steps_per_second=123.456,
        eta_seconds=eta,
        precision="float32",
    )


def claimed(store: Store) -> TrainingClaim:
    claim = TrainingClaim.acquire(store.training_jobs, store.experiments.create(SPEC).id, worker="host:1")
    assert claim is not None
    claim.show(Progress(phase="starting"))
    claim.begin_history([])
    return claim


def trained(store: Store) -> Record:
    """A success as a worker leaves it behind."""
    claim = claimed(store)
    for epoch in range(EPOCHS):
        claim.append(point(epoch))
    return succeeded(claim)


def succeeded(claim: TrainingClaim) -> Record:
    staged = stage(claim.attempt_folder / "result")
    return claim.succeed(
        staged, "completed", point(EPOCHS - 1), {"val_accuracy": 0.7, "val_loss": 0.4}, {"accuracy": 0.7}
    )


def write_stored(root: Path, template: Record, number: int) -> None:
    """Copies of an experiment that has succeeded, each with an id and a name of its own. Not synced."""
    source = root / "experiments" / template.id / "artifacts"
    history = b"".join(encode(point(epoch)) + b"\n" for epoch in range(EPOCHS))
    begin = datetime.now(UTC) - timedelta(days=30)
    for each in range(number):
        created_at = begin + timedelta(seconds=each * 20)
        metrics = {"val_accuracy": (each % 997) / 1000, "val_loss": 0.4}
        update = {"id": str(ULID.from_datetime(created_at)), "name": f"run {each}", "created_at": created_at}
        record = template.model_copy(update={**update, "validation_metrics": metrics})
        folder = root / "experiments" / record.id
        (folder / "artifacts").mkdir(parents=True)
        (folder / ".lock").touch()
        (folder / "experiment.json").write_bytes(record.model_dump_json().encode())
        (folder / "history.jsonl").write_bytes(history)
        if each % _LINKS == _LINKS - 1:
            source = root / "experiments" / record.id / "artifacts"
            for path in (root / "experiments" / template.id / "artifacts").iterdir():
                (source / path.name).write_bytes(path.read_bytes())
            continue
        for path in source.iterdir():
            os.link(path, folder / "artifacts" / path.name)
