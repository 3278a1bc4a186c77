"""The README's commands, run as they are printed."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.running_up import RunningUp, environment
from tests.service import ROOT

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(300)]

README = (ROOT / "README.md").read_text()
PRINTED_URL = "http://127.0.0.1:8000"
# What the README says is refused, by a word of the command.
REFUSED = {"epochs: many": "422"}

# Each block in the same shell, so that later ones know the variables of earlier ones. What fails is written down, and
# so are the headers of each answer, beside the command that asked.
PROLOGUE = """
set -o pipefail
curl() {
  local answer; answer=$(mktemp "$REPORT/answer-XXXXXXXX")
  printf '%s' "$*" > "$answer.command"
  command curl -D "$answer" "$@"
}
trap 'printf "%s\\n" "$BASH_COMMAND" >> "$REPORT/failed"' ERR
"""
BLOCK = """
{{
{text}
}} > "$REPORT/{number}.out" 2> "$REPORT/{number}.err" < /dev/null
"""


def blocks(language: str) -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for found, text in fences if found == language]


CURL_BLOCKS = [block for block in blocks("sh") if "curl" in block]


class Answer(NamedTuple):
    command: str
    status: str


class Walk:
    """What the commands left in a folder."""

    def __init__(self, folder: Path, ran: subprocess.CompletedProcess[str]) -> None:
        self.folder = folder
        self.ran = ran

    def output(self, number: int) -> str:
        return (self.folder / f"{number}.out").read_text()

    def outputs_of(self, word: str) -> str:
        """What the blocks with this word in them printed."""
        return "".join(self.output(number) for number, block in enumerate(CURL_BLOCKS) if word in block)

    def failed(self) -> str:
        file = self.folder / "failed"
        return file.read_text() if file.exists() else ""

    def answers(self) -> Iterator[Answer]:
        for file in sorted(self.folder.glob("answer-*.command")):
            # A 100 Continue may come first.
            statuses = re.findall(r"^HTTP/\S+ (\d+)", file.with_suffix("").read_text(), re.MULTILINE)
            yield Answer(file.read_text(), statuses[-1] if statuses else "none")


def bash(script: str, url: str, report: Path) -> subprocess.CompletedProcess[str]:
    own = {
        **environment(),
        "REPORT": str(report),
        "TRAINYARD_URL": url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    # What the commands write must not lie about in the repository.
    folder = report / "folder"
    folder.mkdir()
    (folder / "examples").symlink_to(ROOT / "examples")
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=own, capture_output=True, text=True, timeout=200, check=False
    )


@pytest.fixture(scope="module")
def walk(up: RunningUp, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """All blocks with curl, from the first to the last."""
    report = tmp_path_factory.mktemp("readme")
    pieces = (BLOCK.format(text=block, number=number) for number, block in enumerate(CURL_BLOCKS))
    script = PROLOGUE + "".join(pieces).replace(PRINTED_URL, up.url)
    return Walk(report, bash(script, up.url, report))


def test_there_are_commands_to_run() -> None:
    assert len(CURL_BLOCKS) >= 10
    assert all(PRINTED_URL in block for block in CURL_BLOCKS)


def test_every_command_exits_with_0(walk: Walk) -> None:
    assert (walk.ran.returncode, walk.failed(), walk.ran.stderr) == (0, "", "")


def test_no_answer_is_a_problem_but_the_one_that_is_announced(walk: Walk) -> None:
    expected = {
        answer: next((status for word, status in REFUSED.items() if word in answer.command), "2")
        for answer in walk.answers()
    }
    assert len(expected) >= 20
    assert {answer for answer, status in expected.items() if not answer.status.startswith(status)} == set()
    assert any(answer.status == "422" for answer in expected)


def test_the_answers_are_what_the_text_around_them_says(walk: Walk) -> None:
    assert '"pointer":"/training/epochs"' in walk.outputs_of("epochs: many")
    first, second = walk.outputs_of("Idempotency-Key").split()
    assert first == second
    events = walk.output(next(n for n, block in enumerate(CURL_BLOCKS) if "$ID/events" in block))
    assert [line for line in events.splitlines() if line.startswith("id: ")] == ["id: 0", "id: 1", "id: 2"]
    assert events.rstrip().splitlines()[-2] == "event: end"
    assert walk.outputs_of("text/csv").count("epoch") >= 3
    assert walk.outputs_of("evaluation").count('"confusion_matrix"') == 2
    assert walk.outputs_of("mistakes?limit=3").count('"total"') == 3
    assert (walk.folder / "folder" / "report.html").read_text().startswith("<!doctype html>")
    assert '"taken_layers":{"conv2d":"conv2d"}' in walk.outputs_of("weights_from")
    assert walk.outputs_of("four.png").count('"probability"') == 9
    cancelled = walk.outputs_of("LONG")
    # By its last event: the cancel itself is answered while it runs, if a worker has taken it by then.
    assert '"status": "cancelled"' in cancelled
    assert cancelled.rstrip().endswith("204")
    assert '"ready":true' in walk.outputs_of("/health/ready")
    names = ("augmentation.png", "learning_rate.png", "mistakes.png", "samples.png")
    pictures = [walk.folder / "folder" / name for name in names]
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    uploaded = walk.outputs_of("archive=@")
    assert '"classes":["four","two"]' in uploaded
    assert uploaded.rstrip().endswith("204")


@pytest.mark.parametrize("block", [*blocks("sh"), *blocks("")], ids=lambda block: block.split(maxsplit=1)[0])
def test_every_block_is_bash(block: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_command_line_s_block_runs_up_to_what_is_announced_to_be_refused(up: RunningUp, tmp_path: Path) -> None:
    [block] = [block for block in blocks("sh") if ".venv/bin/trainyard" in block]
    *lines, cancel, delete = block.strip().splitlines()
    assert "refused, status 4" in cancel
    trainyard = f"'{sys.executable}' -m cli"
    script = "\n".join(["set -euo pipefail", *lines, f"{cancel.split('#')[0]} || echo exit status $?", delete])

    ran = bash(script.replace(".venv/bin/trainyard", trainyard), up.url, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert "exit status 4" in ran.stdout
    assert ran.stdout.rstrip().endswith("is deleted")


def test_the_python_block_runs(up: RunningUp) -> None:
    [block] = blocks("python")
    program = block.replace(PRINTED_URL, up.url)

    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.count("Event(kind='epoch'") == 5
