"""Commands, run as a document prints them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.service import ROOT
from tests.support.waiting import PATIENCE_SECONDS

PRINTED_URL = "http://127.0.0.1:8000"
# Each block in the same shell, so that later ones know the variables of earlier ones. What fails is written down, and
# so are the headers of each answer, beside the command that asked.
_PROLOGUE = """
set -o pipefail
curl() {
  local answer; answer=$(mktemp "$REPORT/answer-XXXXXXXX")
  printf '%s' "$*" > "$answer.command"
  command curl -D "$answer" "$@"
}
trap 'printf "%s\\n" "$BASH_COMMAND" >> "$REPORT/failed"' ERR
"""
_BLOCK = """
{{
{text}
}} > "$REPORT/{number}.out" 2> "$REPORT/{number}.err" < /dev/null
"""


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a document that are of that language."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    return [text for found, text in fences if found == language]


class Answer(NamedTuple):
    command: str
    status: str


class Walk:
    """What the commands of some blocks left in a folder."""

    def __init__(self, printed: Sequence[str], folder: Path, ran: subprocess.CompletedProcess[str]) -> None:
        self.printed = printed
        self.folder = folder
        self.ran = ran

    def output(self, number: int) -> str:
        return (self.folder / f"{number}.out").read_text()

    def outputs_of(self, word: str) -> str:
        """What the blocks with this word in them printed."""
        return "".join(self.output(number) for number, block in enumerate(self.printed) if word in block)

    def failed(self) -> str:
        file = self.folder / "failed"
        return file.read_text() if file.exists() else ""

    def answers(self) -> Iterator[Answer]:
        for file in sorted(self.folder.glob("answer-*.command")):
            # A 100 Continue may come first.
            statuses = re.findall(r"^HTTP/\S+ (\d+)", file.with_suffix("").read_text(), re.MULTILINE)
            yield Answer(file.read_text(), statuses[-1] if statuses else "none")


def walked(printed: Sequence[str], url: str, report: Path, environment: Mapping[str, str]) -> Walk:
    """All blocks from the first to the last, asking the service at `url`."""
    pieces = (_BLOCK.format(text=block, number=number) for number, block in enumerate(printed))
    script = _PROLOGUE + "".join(pieces).replace(PRINTED_URL, url)
    return Walk(printed, report, bash(script, url, report, environment))


def bash(script: str, url: str, report: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    own = {
        **environment,
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
        ["bash", "-c", script],
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
