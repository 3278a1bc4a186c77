"""The commands and programs that the documentation prints, executed in order."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running_up import RunningUp, environment
from tests.support.printed import PRINTED_URL, Walk, bash, blocks, walked
from tests.support.service import ROOT
from tests.support.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.xdist_group("up")

README = (ROOT / "README.md").read_text()
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
COMMAND_LINE = (ROOT / "docs" / "command-line.md").read_text()
PYTHON_CLIENT = (ROOT / "docs" / "python-client.md").read_text()
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text()
DOCUMENTS = (README, TUTORIAL, COMMAND_LINE, DEPLOYMENT)
# Commands that the tutorial announces to be rejected, by a word of the command.
REJECTED = {"epochs: many": "422"}
CURL_BLOCKS = [block for document in (README, TUTORIAL) for block in blocks(document, "sh") if "curl" in block]


@pytest.fixture(scope="module")
def walk(up: RunningUp, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """All curl blocks, from the first to the last, in one shell."""
    return walked(CURL_BLOCKS, up.url, tmp_path_factory.mktemp("documents"), environment())


def test_documents_print_commands() -> None:
    assert len(CURL_BLOCKS) >= 10
    assert all(PRINTED_URL in block for block in CURL_BLOCKS)


def test_every_command_exits_with_0(walk: Walk) -> None:
    assert (walk.ran.returncode, walk.failed(), walk.ran.stderr) == (0, "", "")


def test_only_announced_commands_are_rejected(walk: Walk) -> None:
    expected = {
        answer: next((status for word, status in REJECTED.items() if word in answer.command), "2")
        for answer in walk.answers()
    }
    assert len(expected) >= 20
    assert {answer for answer, status in expected.items() if not answer.status.startswith(status)} == set()
    assert any(answer.status == "422" for answer in expected)


def test_answers_are_what_the_text_promises(walk: Walk) -> None:
    assert '"pointer":"/training/epochs"' in walk.outputs_of("epochs: many")
    first, second = walk.outputs_of("Idempotency-Key").split()
    assert first == second
    events = walk.output(next(n for n, block in enumerate(CURL_BLOCKS) if block.startswith("curl -sN")))
    assert [line for line in events.splitlines() if line.startswith("id: ")] == ["id: 0", "id: 1", "id: 2", "id: end-2"]
    assert events.rstrip().splitlines()[-3] == "event: end"
    assert walk.outputs_of("text/csv").count("epoch") >= 3
    assert walk.outputs_of("report.html").count('"confusion_matrix"') == 2
    assert walk.outputs_of("mistakes?limit=3").count('"total"') == 3
    assert (walk.folder / "folder" / "report.html").read_text().startswith("<!doctype html>")
    assert '"transferred_layers":{"conv2d":"conv2d"}' in walk.outputs_of("weights_from")
    assert walk.outputs_of("four.png").count('"probability"') >= 12
    assert '"done":true,"images":3,"unreadable":0' in walk.outputs_of("predict:batch")
    cancelled = walk.outputs_of("LONG")
    # By its last event: the cancel itself is answered while it runs, if a worker has taken it by then.
    assert '"status":"cancelled"' in cancelled
    assert cancelled.rstrip().endswith("204")
    assert '"ready":true' in walk.outputs_of("/health/ready")
    names = ("augmentation.png", "learning_rate.png", "mistakes.png", "samples.png")
    images = [walk.folder / "folder" / name for name in names]
    assert all(image.read_bytes().startswith(b"\x89PNG") for image in images)
    assert '"verdict"' in walk.outputs_of("exported/predict.py")
    uploaded = walk.outputs_of("archive=@")
    assert '"classes":["four","two"]' in uploaded
    assert uploaded.rstrip().endswith("204")


@pytest.mark.parametrize(
    "block",
    [block for document in DOCUMENTS for language in ("sh", "") for block in blocks(document, language)],
    ids=lambda block: block.split(maxsplit=1)[0],
)
def test_every_block_is_bash(block: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_command_line_runs_up_to_announced_rejection(up: RunningUp, tmp_path: Path) -> None:
    [block] = blocks(COMMAND_LINE, "sh")
    *lines, cancel, delete = block.strip().splitlines()
    assert "rejected, status 4" in cancel
    trainyard = f"'{sys.executable}' -m trainyard"
    script = "\n".join(["set -euo pipefail", *lines, f"{cancel.split('#')[0]} || echo exit status $?", delete])

    ran = bash(script.replace(".venv/bin/trainyard", trainyard), up.url, tmp_path, environment())

    assert ran.returncode == 0, ran.stderr
    assert "exit status 4" in ran.stdout
    assert ran.stdout.rstrip().endswith("is deleted")


@pytest.mark.parametrize("document", [README, PYTHON_CLIENT], ids=["README", "python-client"])
def test_python_program_runs(up: RunningUp, document: str) -> None:
    [block] = blocks(document, "python")
    program = block.replace(PRINTED_URL, up.url)

    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("EpochEnd(") == 5
