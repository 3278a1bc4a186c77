"""The machine of a worker: the device that it trains on, and memory in use."""

import os
from contextlib import suppress
from typing import Any

import psutil

from models_store.jobs.workers import Device, MemoryUse, Worker
from worker.processor import BFLOAT16_CAPABILITY, CPUINFO, has_bfloat16, processor_name

# Of memory: each change that is reported is an event.
_STEP_BYTES = 100_000_000


class Machine:
    """Measures the machine that this process, the main one of a worker, runs on. Of several GPUs its trainers use the
    first of those that `visible_gpus`, the value of CUDA_VISIBLE_DEVICES, names; without one they divide the processor
    into `cpu_devices`."""

    def __init__(self, visible_gpus: str | None = None, cpu_devices: int = 1) -> None:
        self._process = psutil.Process()
        self._cores = len(os.sched_getaffinity(0))
        self._gpu = Gpu.find(visible_gpus)
        self._devices = self._gpu.count if self._gpu else cpu_devices
        self._processor = Device(kind="cpu", name=processor_name(CPUINFO), bfloat16=has_bfloat16(CPUINFO))

    def describe(self, worker: Worker) -> Worker:
        """`worker` with what is measured now."""
        memory = psutil.virtual_memory()
        measured = {
            "device": self._gpu.device() if self._gpu else self._processor,
            "devices": self._devices,
            "cores": self._cores,
            "memory": memory_use(memory.total - memory.available, memory.total),
            "trainer_bytes": _round(children_bytes(self._process)),
        }
        return worker.model_copy(update=measured)


class Gpu:
    """A GPU, as NVIDIA's management library sees it, the first of `count`. The constructor raises its errors."""

    def __init__(self, nvml: Any, name: str, count: int) -> None:
        """`name` is its number or its UUID."""
        self._nvml = nvml
        self.count = count
        find = nvml.nvmlDeviceGetHandleByIndex if name.isdecimal() else nvml.nvmlDeviceGetHandleByUUID
        self._handle = find(int(name) if name.isdecimal() else name)
        self._name: str = nvml.nvmlDeviceGetName(self._handle)
        self._uuid: str = nvml.nvmlDeviceGetUUID(self._handle)
        capability: tuple[int, int] = tuple(nvml.nvmlDeviceGetCudaComputeCapability(self._handle))
        self._bfloat16 = capability >= BFLOAT16_CAPABILITY

    @classmethod
    def find(cls, visible: str | None) -> "Gpu | None":
        """The first of the `visible` ones. None where the packages of requirements/gpu.txt are not installed, without a
        driver, and without a GPU."""
        try:
            import pynvml  # noqa: PLC0415 - installed with CUDA alone
        except ImportError:
            return None
        with suppress(pynvml.NVMLError):
            pynvml.nvmlInit()
            names = (
                [str(each) for each in range(pynvml.nvmlDeviceGetCount())] if visible is None else visible.split(",")
            )
            return cls(pynvml, names[0].strip(), len(names)) if names else None
        return None

    def device(self) -> Device:
        memory = None
        with suppress(self._nvml.NVMLError):  # as of GPUs that share the machine's memory
            found = self._nvml.nvmlDeviceGetMemoryInfo(self._handle)
            memory = memory_use(found.used, found.total)
        return Device(kind="gpu", name=self._name, memory=memory, uuid=self._uuid, bfloat16=self._bfloat16)


def children_bytes(process: psutil.Process) -> int:
    """The resident memory of the processes that the pool of the worker `process` has started."""
    total = 0
    for child in process.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += child.memory_info().rss if child.ppid() != process.pid else 0
    return total


def memory_use(used: int, total: int) -> MemoryUse:
    return MemoryUse(used_bytes=_round(used), total_bytes=_round(total))


def _round(size: int) -> int:
    return round(size / _STEP_BYTES) * _STEP_BYTES
