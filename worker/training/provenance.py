"""The provenance of a training: versions, device, and digests of what went in and came out."""

import hashlib
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import tensorflow as tf
from numpy.typing import NDArray

from models_store.experiments.provenance import Provenance
from settings import VERSION
from specs.experiment import ExperimentSpec
from worker.data import Splits
from worker.processor import CPUINFO, processor_name
from worker.training.precision import Policy

_PACKAGES = ("tensorflow", "keras", "numpy")
_DRIVER = Path("/proc/driver/nvidia/version")
# Fields of a spec and of its training that do not change what is trained.
_DESCRIPTIVE = {"name", "notes", "tags", "based_on"}
_KEEPING = {"keep_state"}


def describe(spec: ExperimentSpec, splits: Splits, policy: Policy, weights: Iterable[NDArray[Any]]) -> Provenance:
    """`weights` are those that are published."""
    return Provenance(
        versions=_versions(on_gpu=bool(_gpus())),
        device=device_name(),
        threads=len(os.sched_getaffinity(0)),
        precision=policy,
        seed=spec.training.seed,
        data_sha256={
            "training": digest((splits.training.images, splits.training.labels)),
            "validation": digest((splits.validation.images, splits.validation.labels)),
            "test": digest((splits.test.images, splits.test.labels)),
        },
        spec_sha256=_spec_digest(spec),
        weights_sha256=digest(weights),
    )


def device_name() -> str:
    """The first GPU or else the processor, as its maker calls it."""
    gpus = _gpus()
    if not gpus:
        return processor_name(CPUINFO)
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))


def digest(arrays: Iterable[NDArray[Any]]) -> str:
    """SHA-256 of dtypes, shapes and values, in hexadecimal."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype.str}{array.shape}".encode())
        total.update(array.tobytes() if not array.flags.c_contiguous else array.data)
    return total.hexdigest()


def _spec_digest(spec: ExperimentSpec) -> str:
    trained = {name: value for name, value in spec.document().items() if name not in _DESCRIPTIVE}
    trained["training"] = {name: value for name, value in trained["training"].items() if name not in _KEEPING}
    return hashlib.sha256(orjson.dumps(trained, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _versions(*, on_gpu: bool) -> dict[str, str]:
    versions = {"trainyard": VERSION, "python": platform.python_version()}
    versions |= {name: version(name) for name in _PACKAGES}
    if on_gpu:
        build = tf.sysconfig.get_build_info()
        versions |= {name: str(build[key]) for name, key in (("cuda", "cuda_version"), ("cudnn", "cudnn_version"))}
        if _DRIVER.exists():
            versions["driver"] = _DRIVER.read_text().partition("\n")[0].strip()
    return versions


def _gpus() -> list[Any]:
    return list(tf.config.list_physical_devices("GPU"))
