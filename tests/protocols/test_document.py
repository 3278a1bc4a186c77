"""The commands of docs/protocols.md, run as they are printed: TensorFlow Serving's own with our models' names."""

import os
import subprocess

import pytest

from tests.protocols.conftest import Served
from tests.support.printed import PRINTED_URL, Walk, blocks, walked
from tests.support.requirements import CLIENTS, needs_clients
from tests.support.service import ROOT
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.xdist_group("protocols")

DOCUMENT = (ROOT / "docs" / "protocols.md").read_text()
COMMANDS = blocks(DOCUMENT, "sh")


@pytest.fixture(scope="module")
def walk(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    return walked(COMMANDS, served.url, tmp_path_factory.mktemp("protocols"), os.environ)


def test_every_command_exits_with_0(walk: Walk) -> None:
    assert len(COMMANDS) >= 8
    assert (walk.ran.returncode, walk.failed(), walk.ran.stderr) == (0, "", "")


def test_only_the_announced_command_is_rejected(walk: Walk) -> None:
    rejected = [answer for answer in walk.answers() if answer.status != "200"]
    assert len(list(walk.answers())) >= 14
    assert [(answer.status, "models/half" in answer.command) for answer in rejected] == [("404", True)]


def test_answers_are_what_the_text_promises(walk: Walk, served: Served) -> None:
    assert walk.outputs_of('"instances": [[2.0, -2.0], [').startswith('{"predictions":[[')
    assert walk.outputs_of('"inputs": {').startswith('{"outputs":[[')
    assert '{"result":[[["0",' in walk.outputs_of(":classify")
    assert walk.outputs_of("metadata").count("AVAILABLE") == 2
    assert '"error":"unknown dataset `half`' in walk.outputs_of("models/half")
    assert f'"versions":["{served.digits}"]' in walk.outputs_of("health/ready")
    assert walk.outputs_of('"name": "features"').count('"shape":[1,4]') == 1
    assert walk.outputs_of("classification").count('"datatype":"BYTES","shape":[1,3]') == 1
    assert walk.outputs_of("/dev/zero").count('"datatype":"FP32","shape":[1,10]') == 1


@needs_clients
def test_python_block_runs(served: Served) -> None:
    [block] = blocks(DOCUMENT, "python")
    program = block.replace(PRINTED_URL.removeprefix("http://"), served.url.removeprefix("http://"))

    ran = subprocess.run(
        [CLIENTS / "bin" / "python", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count(":") == 6
