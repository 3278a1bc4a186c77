"""Which GPUs are found and used; the driver is a program that prints what NVIDIA's prints."""

from pathlib import Path

import pytest

from tests.trainyard.up.driver import H200, HEAD, T4, UUIDS, install
from trainyard.errors import PreflightError
from trainyard.up.application import ServiceSettings
from trainyard.up.data_folder import DataFolder
from trainyard.up.gpus import HIDDEN, Device, Gpu, choose_gpus, list_gpus, plan_workers, say_devices, visible_gpus
from trainyard.up.servers import Servers

FAILED = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA "
    "driver is installed and running."
)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Gpu]:
    install(tmp_path / "bin", monkeypatch, HEAD, H200, T4)
    return list_gpus()


def names(devices: list[Device]) -> list[str]:
    return ["+".join(gpu.name for gpu in each) for each in devices if isinstance(each, tuple)]


def plan(
    count: int | None = None, wanted: str | None = None, visible: str | None = None, per_worker: int | None = None
) -> list[Device]:
    return plan_workers(count, wanted, visible, lambda _: None, per_worker)


def test_gpus_are_read_as_the_driver_lists_them(two: list[Gpu]) -> None:
    assert two[0] == Gpu(UUIDS[0], "NVIDIA H200", 143_771 * 2**20, (9, 0))
    assert str(two[0]) == f"NVIDIA H200, 151 GB, bfloat16 ({UUIDS[0]})"
    assert str(two[1]) == f"Tesla T4, 16 GB ({UUIDS[1]})"


def test_gpu_may_share_memory_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, HEAD, f"{UUIDS[0]}, NVIDIA GB10, [N/A], 12.1")
    assert list_gpus() == [Gpu(UUIDS[0], "NVIDIA GB10", None, (12, 1))]


@pytest.mark.parametrize(
    ("visible", "found", "warning"),
    [
        (None, [0, 1], ""),
        ("1", [1], ""),
        ("1,0", [1, 0], ""),
        (UUIDS[1][:8], [1], ""),
        ("0,7,1", [0], "is 0,7,1, but 7 names 0 of 2 GPUs here; it and what comes after it is not used"),
        ("7", [], "is 7, but 7 names 0 of 2 GPUs here"),
        ("GPU-", [], "is GPU-, but GPU- names 2 of 2 GPUs here"),
        ("0,0,1", [0, 1], f"is 0,0,1, which names NVIDIA H200, 151 GB, bfloat16 ({UUIDS[0]}) more than once"),
        ("", [], ""),
        ("-1", [], ""),
    ],
)
def test_visible_gpus_are_those_of_cuda(two: list[Gpu], visible: str | None, found: list[int], warning: str) -> None:
    warnings: list[str] = []
    assert visible_gpus(two, visible, warnings.append) == [two[each] for each in found]
    assert len(warnings) == bool(warning)
    assert all(f"CUDA_VISIBLE_DEVICES {warning}" in each for each in warnings)


@pytest.mark.usefixtures("two")
def test_mig_instances_are_passed_on() -> None:
    warnings: list[str] = []
    assert plan_workers(None, None, "MIG-1f2e", warnings.append) == [None]
    assert warnings == ["CUDA_VISIBLE_DEVICES is MIG-1f2e: MIG instances are not listed, and are passed on as they are"]
    with pytest.raises(PreflightError, match="--gpus all cannot choose among MIG instances"):
        plan(wanted="all", visible="MIG-1f2e")


def test_processor_is_used_without_cuda_libraries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, HEAD, H200, T4, libraries=False)
    warnings: list[str] = []
    assert plan_workers(2, None, None, warnings.append) == [None, None]
    assert warnings[0].startswith("no GPU is used: TensorFlow cannot use a GPU here, for which it needs NVIDIA's CUDA")
    with pytest.raises(PreflightError, match=r"--gpus 1: .*: pip install 'trainyard\[server,gpu\]', or"):
        plan(wanted="1")


def test_cuda_libraries_of_the_system_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, HEAD, H200, libraries=False)
    (tmp_path / "tensorflow.py").write_text(
        "import os\nclass config:\n"
        f"    list_physical_devices = lambda kind: [1] * (os.environ['CUDA_VISIBLE_DEVICES'] == '{UUIDS[0]}')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert names(plan()) == ["NVIDIA H200"]


@pytest.mark.parametrize(("wanted", "found"), [("all", [0, 1]), ("1", [0]), (f"{UUIDS[1]},{UUIDS[0]}", [1, 0])])
def test_wanted_gpus_are_chosen(two: list[Gpu], wanted: str, found: list[int]) -> None:
    assert choose_gpus(two, wanted) == [two[each] for each in found]


@pytest.mark.parametrize("wanted", ["0", "3", "GPU-none", ",", "some"])
def test_unknown_gpus_are_rejected(two: list[Gpu], wanted: str) -> None:
    with pytest.raises(PreflightError, match="visible here: NVIDIA H200, 151 GB"):
        choose_gpus(two, wanted)


@pytest.mark.usefixtures("two")
def test_each_gpu_has_a_worker() -> None:
    assert names(plan()) == ["NVIDIA H200", "Tesla T4"]
    assert names(plan(wanted="1")) == ["NVIDIA H200"]
    assert names(plan(count=3)) == ["NVIDIA H200", "Tesla T4", "NVIDIA H200"]
    assert names(plan(visible="1")) == ["Tesla T4"]
    assert plan(visible="") == [None]
    assert plan(count=2, wanted="none") == [HIDDEN, HIDDEN]


@pytest.mark.usefixtures("two")
def test_worker_may_have_several_gpus() -> None:
    assert names(plan(per_worker=2)) == ["NVIDIA H200+Tesla T4"]
    assert names(plan(count=2, per_worker=2)) == ["NVIDIA H200+Tesla T4"] * 2
    for too_many in (0, 3):
        with pytest.raises(PreflightError, match=f"--gpus-per-worker {too_many}: expected a number from 1 to 2; 2 GPU"):
            plan(per_worker=too_many)
    with pytest.raises(PreflightError, match="--gpus-per-worker 2: 0 GPUs are to be used; leave it out to train on"):
        plan(wanted="none", per_worker=2)


def test_gpu_left_over_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, HEAD, H200, H200.replace("6b4f", "7c50"), T4)
    warnings: list[str] = []
    assert len(plan_workers(None, None, None, warnings.append, 2)) == 1
    assert warnings == [f"--gpus-per-worker 2 leaves 1 of 3 GPUs idle: Tesla T4, 16 GB ({UUIDS[1]})"]


def test_processor_is_used_without_a_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    warnings: list[str] = []
    assert plan_workers(None, None, None, warnings.append) == [None]
    assert warnings == []
    with pytest.raises(PreflightError, match="nvidia-smi is not on PATH: install NVIDIA's driver"):
        plan(wanted="all")


def test_driver_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, FAILED, status=9)
    warnings: list[str] = []
    assert plan_workers(None, None, None, warnings.append) == [None]
    [warning] = warnings
    assert warning.startswith("no GPU is used: nvidia-smi failed with exit status 9: NVIDIA-SMI has failed because")
    with pytest.raises(PreflightError, match="exit status 9"):
        plan(wanted="1")


@pytest.mark.parametrize("lines", [(), ("name",), (HEAD, "GPU-1, Tesla T4"), (HEAD, "GPU-1, Tesla T4, 1 MiB, new")])
def test_unreadable_list_is_rejected(lines: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, *lines)
    with pytest.raises(PreflightError, match="nvidia-smi"):
        list_gpus()


def test_zero_workers_are_rejected() -> None:
    with pytest.raises(PreflightError, match="expected at least one worker, received --workers 0"):
        plan(count=0)


def test_each_worker_sees_its_gpu_alone(two: list[Gpu], tmp_path: Path) -> None:
    servers = Servers(ServiceSettings(shutdown_seconds=30), DataFolder(tmp_path / "data"), "redis://127.0.0.1:1/0")
    commands = servers.workers([(two[1],), tuple(two), HIDDEN, None])
    visible = [each.environment.get("CUDA_VISIBLE_DEVICES") for each in commands]
    assert visible == [UUIDS[1], ",".join(UUIDS), "", None]
    lines: list[str] = []
    say_devices([(two[1],), HIDDEN, None], lines.append)
    assert lines == [f"worker-1 trains on Tesla T4, 16 GB ({UUIDS[1]})"]
