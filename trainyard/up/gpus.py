"""The GPUs of this machine, as NVIDIA's driver lists them, and which of them are to be used."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from trainyard.errors import PreflightError

_PROGRAM = "nvidia-smi"
_FIELDS = ("uuid", "name", "memory.total", "compute_cap")
_TIMEOUT_SECONDS = 30.0
_MIB = 2**20
_BFLOAT16_CAPABILITY = (8, 0)  # Ampere
_MIG = "MIG-"
# It has to load CUDA's libraries, wherever they are, to find a GPU.
_ASK_TENSORFLOW = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
_IMPORT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """`memory_bytes` is None for a GPU that shares the memory of the machine."""

    uuid: str
    name: str
    memory_bytes: int | None
    compute_capability: tuple[int, int]

    def __str__(self) -> str:
        memory = "" if self.memory_bytes is None else f", {self.memory_bytes / 1e9:.0f} GB"
        bfloat16 = ", bfloat16" if self.compute_capability >= _BFLOAT16_CAPABILITY else ""
        return f"{self.name}{memory}{bfloat16} ({self.uuid})"


# What a worker trains on: these GPUs, no GPU though there may be some, or whatever TensorFlow finds.
HIDDEN: Final = "hidden"
Device = tuple[Gpu, ...] | Literal["hidden"] | None


class NoDriver(PreflightError):
    """NVIDIA's driver is not installed."""


def list_gpus() -> list[Gpu]:
    """All, in the order of the driver. Raises NoDriver, PreflightError if the driver fails."""
    command = (_PROGRAM, f"--query-gpu={','.join(_FIELDS)}", "--format=csv")
    try:
        listed = _run(command, os.environ, _TIMEOUT_SECONDS)
    except FileNotFoundError:
        raise NoDriver(f"{_PROGRAM} is not on PATH: install NVIDIA's driver, or train with --gpus none") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PreflightError(
            f"{_PROGRAM} does not answer: {error}; check NVIDIA's driver, or use --gpus none"
        ) from None
    if listed.returncode != 0:
        said = " ".join((listed.stdout + listed.stderr).split())
        raise PreflightError(
            f"{_PROGRAM} failed with exit status {listed.returncode}: {said[:500] or 'it printed nothing'}; check "
            "NVIDIA's driver, or use --gpus none"
        )
    return parse_list(listed.stdout)


def parse_list(text: str) -> list[Gpu]:
    """What `nvidia-smi --format=csv` prints: a line of names, then one for each GPU. Raises PreflightError."""
    lines = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip()]
    if not lines or [name.partition(" ")[0] for name in lines[0]] != list(_FIELDS):
        raise PreflightError(f"expected {', '.join(_FIELDS)} from {_PROGRAM}, received {text[:200]!r}")
    try:
        return [_parse_line(*line) for line in lines[1:]]
    except (TypeError, ValueError):
        raise PreflightError(f"cannot read what {_PROGRAM} lists: {text[:500]!r}") from None


def _parse_line(uuid: str, name: str, memory: str, capability: str) -> Gpu:
    amount, _, unit = memory.partition(" ")
    major, _, minor = capability.partition(".")
    known = amount.isdecimal() and unit == "MiB"  # else [N/A]
    return Gpu(uuid, name, int(amount) * _MIB if known else None, (int(major), int(minor)))


def visible_gpus(found: Sequence[Gpu], visible: str | None, warn: Callable[[str], None]) -> list[Gpu]:
    """Those that CUDA_VISIBLE_DEVICES names, by number or by the beginning of their UUID; None names all. As in CUDA,
    what comes after a name that is not found counts as not named; `warn` is told so, and of repeated names."""
    if visible is None:
        return list(found)
    chosen: list[Gpu] = []
    for name in filter(None, (each.strip() for each in visible.split(","))):
        matching = (
            found[int(name) :][:1] if name.isdecimal() else [each for each in found if each.uuid.startswith(name)]
        )
        if len(matching) != 1:
            if name != "-1":
                warn(
                    f"CUDA_VISIBLE_DEVICES is {visible}, but {name} names {len(matching)} of {_count(found)} here; it "
                    "and what comes after it is not used"
                )
            break
        if matching[0] in chosen:
            warn(f"CUDA_VISIBLE_DEVICES is {visible}, which names {matching[0]} more than once; it is used once")
        else:
            chosen += matching
    return chosen


def _count(gpus: Sequence[Gpu]) -> str:
    return "1 GPU" if len(gpus) == 1 else f"{len(gpus)} GPUs"


def choose_gpus(found: Sequence[Gpu], wanted: str) -> list[Gpu]:
    """`all`, the first N, or those whose UUIDs are given, separated by commas. Raises PreflightError."""
    there = "; ".join(map(str, found)) or "none"
    if wanted == "all":
        if not found:
            raise PreflightError("--gpus all: no GPU is visible here; train on the processor with --gpus none")
        return list(found)
    if wanted.isdecimal():
        if not 1 <= int(wanted) <= len(found):
            raise PreflightError(f"--gpus {wanted}: expected a number from 1 to {len(found)}; visible here: {there}")
        return list(found[: int(wanted)])
    by_uuid = {each.uuid: each for each in found}
    names = list(dict.fromkeys(each.strip() for each in wanted.split(",") if each.strip()))
    if not names or (missing := [each for each in names if each not in by_uuid]):
        received = ", ".join(missing) if names else "nothing"
        raise PreflightError(
            f"--gpus: expected all, none, a number or UUIDs, received {received!r}; visible here: {there}"
        )
    return [by_uuid[each] for each in names]


def plan_workers(
    count: int | None,
    wanted: str | None,
    visible: str | None,
    warn: Callable[[str], None],
    per_worker: int | None = None,
) -> list[Device]:
    """The devices of each worker: one worker for each GPU, or for `per_worker` of them, or else one on the processor;
    if there are to be `count`, they take the GPUs in turn, and those of one GPU share its memory.

    `wanted` is --gpus, `visible` CUDA_VISIBLE_DEVICES. Without `wanted` the GPUs that are found are used, and a driver
    that fails is a warning. Raises PreflightError.
    """
    if count is not None and count < 1:
        raise PreflightError(f"expected at least one worker, received --workers {count}")
    gpus = _find_gpus(wanted, visible, warn)
    if not gpus and per_worker in (None, 1):
        return [HIDDEN if wanted == "none" else None] * (count or 1)
    size = 1 if per_worker is None else per_worker
    if not gpus:
        raise PreflightError(
            f"--gpus-per-worker {size}: 0 GPUs are to be used; leave it out to train on the processor, or see what "
            f"{_PROGRAM} lists"
        )
    if not 1 <= size <= len(gpus):
        raise PreflightError(
            f"--gpus-per-worker {size}: expected a number from 1 to {len(gpus)}; {_count(gpus)} could be used: "
            f"{'; '.join(map(str, gpus))}"
        )
    if idle := gpus[len(gpus) - len(gpus) % size :]:
        warn(f"--gpus-per-worker {size} leaves {len(idle)} of {_count(gpus)} idle: {'; '.join(map(str, idle))}")
    groups = [tuple(gpus[first : first + size]) for first in range(0, len(gpus) - size + 1, size)]
    return [groups[number % len(groups)] for number in range(count or len(groups))]


def _find_gpus(wanted: str | None, visible: str | None, warn: Callable[[str], None]) -> list[Gpu]:
    if wanted == "none" or (wanted is None and visible in ("", "-1")):
        return []
    if visible is not None and _MIG in visible:
        if wanted is not None:
            raise PreflightError(
                f"--gpus {wanted} cannot choose among MIG instances, and CUDA_VISIBLE_DEVICES is {visible}; leave "
                "--gpus out to have it passed on as it is"
            )
        warn(f"CUDA_VISIBLE_DEVICES is {visible}: MIG instances are not listed, and are passed on as they are")
        return []
    try:
        found = visible_gpus(list_gpus(), visible, warn)
    except PreflightError as error:
        if wanted is not None:
            raise
        if not isinstance(error, NoDriver):
            warn(f"no GPU is used: {error}")
        return []
    chosen = found if wanted is None else choose_gpus(found, wanted)
    if not chosen or _has_libraries(chosen):
        return chosen
    missing = (
        "TensorFlow cannot use a GPU here, for which it needs NVIDIA's CUDA libraries: pip install "
        "'trainyard[server,gpu]'"
    )
    if wanted is not None:
        raise PreflightError(f"--gpus {wanted}: {missing}, or train on the processor with --gpus none")
    warn(f"no GPU is used: {missing}, or hide this with --gpus none")
    return []


def _has_libraries(gpus: Sequence[Gpu]) -> bool:
    """Whether TensorFlow can use `gpus`: CUDA's libraries of `trainyard[gpu]` are there, or else TensorFlow says so,
    in seconds, since the system may have them."""
    if importlib.util.find_spec("nvidia") and importlib.util.find_spec("nvidia.cudnn"):
        return True
    try:
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": visible_uuids(gpus)}
        asked = _run((sys.executable, "-P", "-c", _ASK_TENSORFLOW), environment, _IMPORT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and asked.stdout.strip() not in ("", "0")


def _run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Without input, and with what it prints. Raises OSError, TimeoutExpired."""
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )


def visible_uuids(gpus: Sequence[Gpu]) -> str:
    """CUDA_VISIBLE_DEVICES for a process that sees them alone."""
    return ",".join(each.uuid for each in gpus)


def say_devices(devices: Sequence[Device], say: Callable[[str], None]) -> None:
    """Which worker has which GPU."""
    for number, device in enumerate(devices, 1):
        if isinstance(device, tuple):
            say(f"worker-{number} trains on {' and '.join(map(str, device))}")
