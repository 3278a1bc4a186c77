"""Accuracy of the presets and the time they need: a real trainer process trains and evaluates each.

Times are from the trainer's job to its staged files, without its start; on a shared machine, compare CPU times.
Evaluation of all splits and export are also shown separately. Datasets are read from DATASETS_DIR; if it has
cifar10-jpeg.zip but no cifar10.npz, the images are converted first, in a temporary folder.

DATASETS_DIR=... python benchmarks/accuracy.py [PRESET ...] [--epochs N] [--seeds N] [--max-minutes M]
    [--out FILE]
"""

import argparse
import math
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import numpy as np
import orjson
import psutil
from PIL import Image

from models_store.experiments.points import Point
from models_store.experiments.stored_spec import StoredSpec
from specs.dataset import DATASETS
from specs.experiment import ExperimentSpec, parse_spec
from specs.presets import PRESETS
from worker.jobs.messages import (
    Advanced,
    EpochEnded,
    Failed,
    Finished,
    Ready,
    Stop,
    TrainingEvent,
    TrainingJob,
    TrainingResult,
)
from worker.jobs.trainers import Trainer, start_trainer

_TICK_SECONDS = 1.0
QUICK = "digits-cnn"
NAMES = [name for name, preset in PRESETS.items() if preset.upload is None]
# Accuracies that the documents report, with the name that they give to the split.
SOURCES = {
    "mnist-dnn": "test 0.9631",
    "mnist-cnn": "validation 0.9865",
    "mnist-cnn-regularized": "test 0.9753",
    "mnist-cnn-bn": "test 0.9946",
    "cifar10-conv-small": "validation 0.6301",
    "cifar10-conv-bn": "none given",
    "blobs-mlp": "test about 0.85",
}
HEADER = (
    "preset",
    "seed",
    "parameters",
    "source",
    "validation",
    "test",
    "epochs",
    "s/epoch",
    "wall s",
    "CPU s",
    "evaluate",
    "export",
    "precision",
)
ROW = "{:<22} {:>4} {:>10} {:<18} {:>10} {:>8} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8}  {}"


def main() -> None:
    arguments = _arguments()
    with TemporaryDirectory() as folder:
        datasets = prepare_datasets(Path(folder), Path(os.environ.get("DATASETS_DIR", folder)))
        print(ROW.format(*HEADER), flush=True)
        for name in arguments.presets or [QUICK]:
            tests = []
            for seed in range(arguments.seeds):
                run = train(spec_for(name, seed, arguments.epochs), datasets, arguments.max_minutes)
                tests.append(run["test"])
                show(run, arguments.out)
            if len(tests) > 1:
                print(f"{name}: test {statistics.mean(tests):.4f} on average, {min(tests):.4f} to {max(tests):.4f}")


def show(run: dict[str, Any], out: Path | None) -> None:
    rounded = (f"{run['validation']:.4f}", f"{run['test']:.4f}", run["epochs"], f"{run['seconds_per_epoch']:.2f}")
    times = (
        f"{run['wall_seconds']:.1f}",
        f"{run['cpu_seconds']:.1f}",
        f"{run['evaluating_cpu_seconds']:.1f}",
        f"{run['exporting_cpu_seconds']:.1f}",
    )
    source = SOURCES.get(run["preset"], "-")
    print(
        ROW.format(run["preset"], run["seed"], f"{run['parameters']:,}", source, *rounded, *times, run["precision"]),
        flush=True,
    )
    if out is not None:
        with out.open("ab") as file:
            file.write(orjson.dumps(run) + b"\n")


def _preset(name: str) -> str:
    if name not in NAMES:
        raise argparse.ArgumentTypeError(f"unknown preset {name}; expected one of {', '.join(NAMES)}")
    return name


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train presets and print their accuracy.")
    parser.add_argument(
        "presets", nargs="*", type=_preset, metavar="PRESET", help=f"{QUICK} unless given; {', '.join(NAMES)}"
    )
    parser.add_argument("--epochs", type=int, help="instead of the preset's")
    parser.add_argument("--seeds", type=int, default=1, help="train this often, with the seeds 0, 1, 2, ...")
    parser.add_argument(
        "--max-minutes", type=float, default=math.inf, help="stop after these minutes and keep the best epoch"
    )
    parser.add_argument("--out", type=Path, help="append each run to this file, as a line of JSON")
    return parser.parse_args()


def spec_for(name: str, seed: int, epochs: int | None) -> ExperimentSpec:
    training: dict[str, Any] = {**PRESETS[name].spec["training"], "seed": seed}
    return parse_spec({**PRESETS[name].spec, "training": training | ({"epochs": epochs} if epochs else {})})


# -- data --------------------------------------------------------------------------------------------------------------


def prepare_datasets(folder: Path, given: Path) -> Path:
    """`given` if nothing needs conversion; otherwise `folder`, with links to the files of `given` and a cifar10.npz."""
    archive = given / "cifar10-jpeg.zip"
    if (given / "cifar10.npz").exists() or not archive.exists():
        return given
    for file in given.glob("*.npz"):
        (folder / file.name).symlink_to(file.resolve())
    np.savez(folder / "cifar10.npz", allow_pickle=False, **read_cifar10(archive))
    return folder


def read_cifar10(archive: Path) -> dict[str, np.ndarray[Any, Any]]:
    """CIFAR-10 from `train/<class>/*.jpg` and `test/<class>/*.jpg`, as Keras names and shapes it."""
    classes, arrays = DATASETS["cifar10"].classes, {}
    with ZipFile(archive) as opened:
        names = sorted(name for name in opened.namelist() if name.endswith(".jpg"))
        for split in ("train", "test"):
            chosen = [name for name in names if name.startswith(f"{split}/")]
            arrays[f"x_{split}"] = np.stack(
                [np.asarray(Image.open(opened.open(name)).convert("RGB")) for name in chosen]
            )
            labels = [[classes.index(name.split("/")[1])] for name in chosen]
            arrays[f"y_{split}"] = np.array(labels, np.uint8)
    return arrays


# -- training ----------------------------------------------------------------------------------------------------------


def train(spec: ExperimentSpec, datasets: Path, max_minutes: float) -> dict[str, Any]:
    """Accuracies, seconds and precision of one training."""
    with TemporaryDirectory() as folder, warm_trainer() as trainer:
        attempt = Path(folder) / "attempts" / "1"
        attempt.mkdir(parents=True)
        began, busy = time.perf_counter(), cpu_seconds(trainer)
        trainer.assign(
            TrainingJob(
                experiment_id=spec.name,
                spec=StoredSpec.of(spec),
                attempts_folder=attempt.parent,
                attempt_folder=attempt,
                datasets_dir=datasets,
            )
        )
        points, finished, reached = follow(trainer, began + 60 * max_minutes)
        ended = cpu_seconds(trainer)
        evaluation = orjson.loads((finished.staged / "evaluation.json").read_bytes())
        return {
            "preset": spec.name,
            "seed": spec.training.seed,
            "parameters": spec.network.parameters.total,
            "validation": finished.metrics["val_accuracy"],
            "test": finished.test_metrics["accuracy"],
            "epochs": len(points),
            "stop_reason": finished.stop_reason,
            "seconds_per_epoch": statistics.median(point.seconds for point in points),
            "wall_seconds": time.perf_counter() - began,
            "cpu_seconds": ended - busy,
            "evaluating_cpu_seconds": reached["exporting"] - reached["evaluating"],
            "exporting_cpu_seconds": ended - reached["exporting"],
            "precision": evaluation["test"]["training_precision"],
        }


@contextmanager
def warm_trainer() -> Iterator[Trainer]:
    """A spare trainer, as a worker keeps one; killed when the block ends."""
    trainer = start_trainer()
    try:
        assert any(isinstance(event, Ready) for event in events_of(trainer))
        yield trainer
    finally:
        trainer.kill()


def events_of(trainer: Trainer) -> Iterator[TrainingEvent]:
    """All events until it has ended."""
    while not trainer.has_ended:
        yield from trainer.receive(_TICK_SECONDS)


def follow(trainer: Trainer, deadline: float) -> tuple[list[Point], TrainingResult, dict[str, float]]:
    """Every epoch, the result, and the CPU seconds at which each phase was reached. After `deadline`, by
    `time.perf_counter`, the trainer is asked to stop."""
    points: list[Point] = []
    reached: dict[str, float] = {}
    for event in events_of(trainer):
        if isinstance(event, Failed):
            raise SystemExit(event.failure.message)
        if isinstance(event, Finished):
            return points, event.result, reached
        if isinstance(event, EpochEnded):
            points.append(event.point)
        if isinstance(event, Advanced):
            reached.setdefault(event.progress.phase, cpu_seconds(trainer))
        if time.perf_counter() > deadline:
            trainer.request(Stop(reason="time_budget"))
            deadline = math.inf
    raise SystemExit("the trainer exited without a result; see its log above")


def cpu_seconds(trainer: Trainer) -> float:
    """Of all its threads, so far."""
    times = psutil.Process(trainer.pid).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
