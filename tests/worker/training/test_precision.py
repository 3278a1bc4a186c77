from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from specs.experiment import ExperimentSpec, parse_spec
from worker.training import precision
from worker.training.network import build
from worker.training.precision import choose_policy, copy_in_float32, set_precision

IMAGES = np.random.default_rng(0).integers(0, 256, size=(20, 8, 8, 1), dtype=np.uint8)
CONVOLUTION = {"type": "Conv2D", "filters": 4, "kernel_size": 3, "activation": "relu"}
REST = [{"type": "Flatten"}, {"type": "Dense", "units": 8, "activation": "relu"}, {"type": "Dense"}]


def spec_of(*layers: dict[str, Any], **training: object) -> ExperimentSpec:
    return parse_spec({"model": {"layers": [*layers, *REST]}, "training": training})


@pytest.mark.parametrize(
    ("spec", "device", "expected"),
    [
        (spec_of(CONVOLUTION), True, "mixed_bfloat16"),
        (spec_of(CONVOLUTION), False, "float32"),
        (spec_of(CONVOLUTION, deterministic=True), True, "float32"),
        (spec_of(), True, "float32"),
        (spec_of(CONVOLUTION, precision="float32"), True, "float32"),
        (spec_of(precision="mixed_float16", deterministic=True), False, "mixed_float16"),
    ],
)
def test_auto_precision_depends_on_device_and_network(
    spec: ExperimentSpec, device: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: device)

    assert choose_policy(spec, build(spec, IMAGES)) == expected


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu avx512_bf16 avx2", True), ("amx_bf16", True), ("avx512f bf16", False), (None, False)]
)
def test_cpu_flags_show_bfloat16(
    flags: str | None, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:
        cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    monkeypatch.setattr(precision, "CPUINFO", cpuinfo)

    assert precision.has_bfloat16() is expected


def test_scaling_and_output_stay_float32() -> None:
    model = build(spec_of(CONVOLUTION), IMAGES)
    set_precision(model, "mixed_bfloat16")

    computed = [layer.compute_dtype for layer in model.layers]
    assert computed == ["float32", "bfloat16", "bfloat16", "bfloat16", "float32"]
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model(IMAGES).dtype == "float32"


@pytest.mark.parametrize(
    "tail",
    [
        [{"type": "Conv2D", "filters": 10, "kernel_size": 6, "activation": "softmax"}, {"type": "Flatten"}],
        [{"type": "Conv2D", "filters": 10, "kernel_size": 6}, {"type": "Flatten"}, {"type": "Softmax"}],
        [{"type": "Conv2D", "filters": 10, "kernel_size": 1}, {"type": "GlobalAveragePooling2D"}, {"type": "Softmax"}],
    ],
)
def test_output_of_a_network_without_dense_is_float32(tail: list[dict[str, Any]]) -> None:
    spec = parse_spec({"model": {"layers": [CONVOLUTION, *tail]}})
    model = build(spec, IMAGES)
    set_precision(model, "mixed_bfloat16")

    assert [layer.compute_dtype for layer in model.layers] == ["float32", "bfloat16", *["float32"] * len(tail)]
    answer = np.asarray(model(IMAGES))
    assert answer.dtype == np.float32
    assert np.allclose(answer.sum(axis=1), 1, atol=1e-6)


def test_float32_copy_is_the_same_network_uncompiled() -> None:
    model = build(spec_of(CONVOLUTION), IMAGES)
    expected = np.asarray(model(IMAGES))
    model.compile("adam", "sparse_categorical_crossentropy")
    set_precision(model, "mixed_bfloat16")
    blurred = np.asarray(model(IMAGES))
    twin = copy_in_float32(model)

    assert np.array_equal(np.asarray(twin(IMAGES)), expected)
    assert not np.array_equal(blurred, expected)
    assert [layer.name for layer in twin.layers] == [layer.name for layer in model.layers]
    assert {type(layer).__module__.split(".")[0] for layer in twin.layers} == {keras.__name__}
    assert not twin.compiled
