"""Small children to start, end and kill."""

import sys
from pathlib import Path

from trainyard.up.child import Command

STAYS = "import time; print('here', flush=True); time.sleep(600)"
IS_DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"
FAILS = "import sys; sys.exit(3)"
# Says the pid of a child of its own, which is deaf.
HAS_A_CHILD = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {IS_DEAF!r}], stdout=subprocess.DEVNULL).pid, flush=True)
time.sleep(600)
"""


def python_command(folder: Path, code: str, name: str = "child", grace_seconds: float = 20.0) -> Command:
    return Command(
        name=name,
        argv=(sys.executable, "-c", code),
        folder=folder,
        log=folder / f"{name}.log",
        grace_seconds=grace_seconds,
        environment={"COLOUR": "green"},
    )


def said(command: Command) -> str:
    """What the child has written, once it has."""
    return command.log.read_text() if command.log.exists() else ""
