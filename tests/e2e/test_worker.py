"""`trainyard worker`: workers on the GPUs of a machine, for a service that runs elsewhere."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.service import ROOT, Service, new_service
from tests.support.valkey import Valkey
from tests.support.waiting import PATIENCE_SECONDS, eventually, has_ended
from tests.trainyard.up.driver import H200, HEAD, T4, UUIDS, install


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with new_service(tmp_path / "service") as service:
        service.start_api()
        yield service


def run_worker(service: Service, data: Path, *options: str, **environment: str) -> psutil.Popen:
    command = [sys.executable, "-m", "trainyard", "worker", "--data", str(data), *options]
    data.mkdir()
    with (data / "out").open("wb") as output:
        return psutil.Popen(
            command,
            cwd=ROOT,
            env={**service.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def test_each_gpu_has_a_worker(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, HEAD, H200, T4)
    path = os.pathsep.join((str(ROOT), os.environ["PYTHONPATH"]))
    driver = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": "0,1"}
    process = run_worker(service, tmp_path / "data", "--gpus", "all", **driver)
    try:
        eventually(lambda: len(service.ask("GET", "/workers").json()["items"]) == 2)
        workers = process.children()
        assert [each.environ()["CUDA_VISIBLE_DEVICES"] for each in workers] == list(UUIDS)
        family = process.children(recursive=True)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert all(has_ended(each) for each in family)
    assert service.ask("GET", "/workers").json()["items"] == []
    printed = (tmp_path / "data" / "out").read_text()
    assert f"worker-1 trains on NVIDIA H200, 151 GB, bfloat16 ({UUIDS[0]})" in printed
    assert f"worker-2 trains on Tesla T4, 16 GB ({UUIDS[1]})" in printed


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"REDIS_URL": "", "TRAINYARD_STORE_DIR": ""}, "set REDIS_URL and TRAINYARD_STORE_DIR"),
        ({"TRAINYARD_STORE_DIR": "/nowhere"}, "TRAINYARD_STORE_DIR /nowhere is not a folder here"),
        ({"PATH": "/nowhere"}, "nvidia-smi is not on PATH"),
    ],
)
def test_worker_without_what_it_needs_is_rejected(
    changed: dict[str, str], message: str, tmp_path: Path, valkey: Valkey
) -> None:
    store = {"REDIS_URL": valkey.url, "TRAINYARD_STORE_DIR": str(tmp_path)}
    rejected = subprocess.run(
        [sys.executable, "-m", "trainyard", "worker", "--gpus", "all", "--data", str(tmp_path / "data")],
        env={**os.environ, **store, **changed},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert rejected.returncode == 2
    assert message in rejected.stderr
