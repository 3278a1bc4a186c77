"""What `trainyard up` rejects, from the outside. That it runs is the business of tests/e2e."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.valkey import free_port
from trainyard.up.data_folder import DataFolder


def run_up(data: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trainyard", "up", "--port", str(free_port()), "--data", str(data), *options]
    own = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "TRAINYARD_REDIS_URL")}
    return subprocess.run(command, env={**own, **environment}, capture_output=True, text=True, timeout=100, check=False)


def test_no_workers_are_rejected(tmp_path: Path) -> None:
    rejected = run_up(tmp_path, "--workers", "0")
    assert rejected.returncode == 2
    assert rejected.stderr == "trainyard: expected at least one worker, received --workers 0\n"


def test_a_taken_port_is_rejected_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        rejected = run_up(tmp_path, "--port", str(other.getsockname()[1]))
    assert rejected.returncode == 2
    assert "is taken by another program" in rejected.stderr
    assert list((tmp_path / "logs").iterdir()) == []


def test_a_second_one_on_the_same_folder_is_rejected(tmp_path: Path) -> None:
    with DataFolder(tmp_path).taken():
        rejected = run_up(tmp_path)
    assert rejected.returncode == 2
    assert f"(pid {os.getpid()})" in rejected.stderr


def test_a_redis_that_does_not_answer_is_rejected(tmp_path: Path) -> None:
    rejected = run_up(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert rejected.returncode == 2
    assert "does not answer" in rejected.stderr


def test_a_setting_that_is_wrong_is_named(tmp_path: Path) -> None:
    rejected = run_up(tmp_path, TRAINYARD_LEASE_SECONDS="soon")
    assert rejected.returncode == 2
    assert "TRAINYARD_LEASE_SECONDS is 'soon'" in rejected.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc elsewhere")
def test_an_api_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    failed = run_up(tmp_path, TRAINYARD_STORE_DIR="/proc/no-store")
    assert failed.returncode == 5
    assert "the API ended with exit status" in failed.stderr
    assert "/proc/no-store" in failed.stderr
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(each.info["cmdline"] or ())
    ]
