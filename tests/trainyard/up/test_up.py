"""What `trainyard up` rejects. That it runs is tested in tests/e2e."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.valkey import free_port
from tests.support.waiting import PATIENCE_SECONDS
from trainyard.errors import PreflightError
from trainyard.up.application import check_installed
from trainyard.up.data_folder import DataFolder


def run_up(data: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trainyard", "up", "--port", str(free_port()), "--data", str(data), *options]
    own = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "TRAINYARD_REDIS_URL")}
    return subprocess.run(
        command, env={**own, **environment}, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def test_zero_workers_are_rejected(tmp_path: Path) -> None:
    rejected = run_up(tmp_path, "--workers", "0")
    assert rejected.returncode == 2
    assert rejected.stderr == "trainyard: expected at least one worker, received --workers 0\n"


def test_port_in_use_is_rejected_before_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        rejected = run_up(tmp_path, "--port", str(other.getsockname()[1]))
    assert rejected.returncode == 2
    assert "is in use by another program" in rejected.stderr
    assert list((tmp_path / "logs").iterdir()) == []


def test_second_up_in_one_folder_is_rejected(tmp_path: Path) -> None:
    with DataFolder(tmp_path).lock():
        rejected = run_up(tmp_path)
    assert rejected.returncode == 2
    assert f"(pid {os.getpid()})" in rejected.stderr


def test_absent_redis_is_rejected(tmp_path: Path) -> None:
    rejected = run_up(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert rejected.returncode == 2
    assert "does not answer" in rejected.stderr


def test_invalid_setting_is_named(tmp_path: Path) -> None:
    rejected = run_up(tmp_path, TRAINYARD_LEASE_SECONDS="soon")
    assert rejected.returncode == 2
    assert "TRAINYARD_LEASE_SECONDS is 'soon'" in rejected.stderr


def test_missing_packages_name_the_server_extra() -> None:
    with pytest.raises(PreflightError, match=r"\(no_such_package\): pip install 'trainyard\[server\]'"):
        check_installed(["sys", "no_such_package"])


@pytest.mark.skipif(sys.platform != "linux", reason="/proc exists on Linux only")
def test_failing_api_shows_the_end_of_its_log(tmp_path: Path) -> None:
    failed = run_up(tmp_path, TRAINYARD_STORE_DIR="/proc/no-store")
    assert failed.returncode == 5
    assert "the API ended with exit status" in failed.stderr
    assert "/proc/no-store" in failed.stderr
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(each.info["cmdline"] or ())
    ]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_open_address_without_keys_is_rejected(tmp_path: Path, host: str) -> None:
    rejected = run_up(tmp_path, "--host", host, "--auth", "none")
    assert rejected.returncode == 2
    assert f"everybody who reaches {host} could do everything; add --auth keys" in rejected.stderr
    assert not (tmp_path / "logs").exists()
