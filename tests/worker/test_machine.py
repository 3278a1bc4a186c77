import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import psutil
import pytest

from models_store.jobs.workers import Device, MemoryUse, Worker
from worker.machine import Gpu, Machine, children_bytes
from worker.processor import has_bfloat16, processor_name

STEP = 100_000_000
# A trainer with 300 MB, which says so once it has them, and the process of the pool that has started it.
TRAINER = "import sys; held = b'x' * 300_000_000; print('ready', flush=True); sys.stdin.read()"
POOL = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TRAINER!r}])"


def test_machine_reports_device_and_memory() -> None:
    worker = Machine().describe(Worker(name="a:1", hostname="a", pid=1))
    assert worker.device is not None
    assert worker.device.name
    assert worker.cores == len(os.sched_getaffinity(0))
    assert worker.memory is not None
    assert 0 <= worker.memory.used_bytes <= worker.memory.total_bytes
    assert worker.memory.total_bytes == pytest.approx(psutil.virtual_memory().total, abs=STEP)
    assert worker.memory.used_bytes % STEP == 0


def test_trainers_are_children_of_the_pool() -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {POOL!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        (pool,) = psutil.Process(worker.pid).children()
        assert 300_000_000 < children_bytes(psutil.Process(worker.pid)) < 600_000_000
        assert children_bytes(pool) == 0
        worker.communicate()


def test_processor_has_bfloat16_by_its_flags(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    for flags, has in (("sse2 avx512f", False), ("avx512f avx512_bf16", True), ("amx_bf16", True)):
        cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
        assert has_bfloat16(cpuinfo) is has


def test_processor_is_named_as_linux_names_it(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: AMD EPYC 7B13  64-Core Processor\nflags\t: avx\n")
    assert processor_name(cpuinfo) == "AMD EPYC 7B13 64-Core Processor"
    cpuinfo.write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert processor_name(cpuinfo) == processor_name(tmp_path / "missing") != ""


class NvmlError(Exception):
    """As `pynvml.NVMLError`."""


def fail(*_: object) -> None:
    raise NvmlError


def nvml(**functions: Any) -> types.ModuleType:
    """The functions of `pynvml` that are called, on a machine with two GPUs."""
    module = types.ModuleType("pynvml")
    memory = types.SimpleNamespace(used=1_234_000_000, total=150_754_000_000)
    there: dict[str, Any] = {
        "NVMLError": NvmlError,
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: f"gpu {index}",
        "nvmlDeviceGetHandleByUUID": {"GPU-8a5c": "gpu 1"}.__getitem__,
        "nvmlDeviceGetName": {"gpu 0": "NVIDIA H200", "gpu 1": "NVIDIA A2"}.__getitem__,
        "nvmlDeviceGetUUID": {"gpu 0": "GPU-1b2d", "gpu 1": "GPU-8a5c"}.__getitem__,
        "nvmlDeviceGetCudaComputeCapability": {"gpu 0": [9, 0], "gpu 1": [7, 5]}.__getitem__,
        "nvmlDeviceGetMemoryInfo": lambda handle: memory,
    }
    vars(module).update({**there, **functions})
    return module


def test_gpu_has_name_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    memory = MemoryUse(used_bytes=1_200_000_000, total_bytes=150_800_000_000)
    worker = Machine().describe(Worker(name="a:1", hostname="a", pid=1))
    assert worker.device == Device(kind="gpu", name="NVIDIA H200", memory=memory, uuid="GPU-1b2d", bfloat16=True)
    assert worker.devices == 2


def test_gpu_without_memory_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml(nvmlDeviceGetMemoryInfo=fail))
    gpu = Gpu.find(None)
    assert gpu is not None
    assert (gpu.device().name, gpu.device().memory) == ("NVIDIA H200", None)


def test_gpu_before_ampere_has_no_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    gpu = Gpu.find("1")
    assert gpu is not None
    assert gpu.device().bfloat16 is False


@pytest.mark.parametrize(("visible", "count"), [("1", 1), (" 1,0", 2), ("GPU-8a5c", 1)])
def test_first_visible_gpu_is_the_device(monkeypatch: pytest.MonkeyPatch, visible: str, count: int) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    gpu = Gpu.find(visible)
    assert gpu is not None
    assert (gpu.device().name, gpu.count) == ("NVIDIA A2", count)


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_hidden_gpus_are_not_the_device(monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml(nvmlDeviceGetHandleByUUID=fail))
    assert Gpu.find(hidden) is None


@pytest.mark.parametrize("missing", ["nvmlInit", "nvmlDeviceGetHandleByIndex"])
def test_processor_is_the_device_without_a_gpu(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml(**{missing: fail}))
    worker = Machine(cpu_devices=3).describe(Worker(name="a:1", hostname="a", pid=1))
    assert worker.device is not None
    assert (worker.device.kind, worker.device.memory, worker.devices) == ("cpu", None, 3)
