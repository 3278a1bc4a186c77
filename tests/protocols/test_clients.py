"""Clients that others wrote, unchanged, in an environment of their own (`make clients`)."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.protocols.conftest import Served
from tests.protocols.images import png
from tests.support.requirements import CLIENTS, needs_clients
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = [
    pytest.mark.xdist_group("protocols"),
    needs_clients,
]


def asked(script: str, served: Served, folder: Path) -> dict[str, Any]:
    """What the script printed; images of a three and of a nine are given to it."""
    images = [folder / "three.png", folder / "nine.png"]
    for image, bright in zip(images, (3, 9), strict=True):
        image.write_bytes(png(bright))
    ran = subprocess.run(
        [CLIENTS / "bin" / "python", Path(__file__).with_name(script), served.url, *images],
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


@pytest.fixture(scope="module")
def triton(served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return asked("asking_with_tritonclient.py", served, tmp_path_factory.mktemp("triton"))


@pytest.fixture(scope="module")
def kserve(served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return asked("asking_with_kserve.py", served, tmp_path_factory.mktemp("kserve"))


def test_tritonclient_finds_server_and_models(triton: dict[str, Any], served: Served) -> None:
    assert (triton["live"], triton["ready"], triton["version_ready"]) == (True, True, True)
    assert triton["models_ready"] == [True, True, False, False]
    assert triton["server"]["name"] == "trainyard"
    assert triton["metadata"]["versions"] == [served.digits]
    assert triton["config"]["input"] == [{"name": "image", "data_type": "TYPE_UINT8", "dims": [8, 8, 1]}]
    assert [(each["name"], each["version"]) for each in triton["index"]] == [
        ("blobs", served.blobs),
        ("digits", served.digits),
    ]


def test_tritonclient_gets_probabilities(triton: dict[str, Any], served: Served) -> None:
    assert triton["answer"] == {"id": "42", "model_name": "digits", "model_version": served.digits}
    assert len(triton["classes"]) == 7
    assert {name: each for name, each in triton["classes"].items() if each != [1, 4, 6]} == {}
    assert (triton["files"], triton["features"]) == ([3, 9], [1, 2])
    assert triton["asynchronous"] == [5] * 8


def test_tritonclient_gets_classes_with_labels(triton: dict[str, Any]) -> None:
    assert [len(row) for row in triton["top"]] == [3, 3, 3]
    assert [row[0].split(":")[1:] for row in triton["top"]] == [["1", "1"], ["4", "4"], ["6", "6"]]


def test_tritonclient_reports_rejections(triton: dict[str, Any]) -> None:
    assert {name: status for name, (status, _) in triton["rejected"].items()} == {
        "shape": "400",
        "model": "404",
        "not trained": "503",
        "statistics": "404",
    }
    assert triton["rejected"]["shape"][1].startswith(
        "received shape [1, 9, 9, 1]; the model of digits takes [n, 8, 8, 1]"
    )


def test_kserve_client_speaks_v2(kserve: dict[str, Any]) -> None:
    answers = kserve["v2"]
    assert (answers["live"], answers["ready"], answers["models_ready"]) == (True, True, [True, False, False])
    assert answers["classes"] == {"binary": [2, 7], "json": [2, 7], "dictionary": [2, 7]}
    assert answers["files"] == {"binary": [3, 9], "base64": [3, 9]}
    assert answers["rejected"].startswith("received shape [2, 4, 8, 1]; ")


def test_kserve_client_speaks_v1(kserve: dict[str, Any]) -> None:
    answers = kserve["v1"]
    assert (answers["live"], answers["models_ready"]) == (True, [True, False])
    assert answers["files"] == [3, 9]
    assert answers["rejected"].startswith("received shape [3]; ")
