"""Small child processes to start, terminate and kill."""

import sys
from pathlib import Path

from trainyard.up.child import Command

# Alive until it is ended by the test, and never longer than ten minutes.
STAYS = "import time; print('here', flush=True); time.sleep(600)"
IGNORES_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"
FAILS = "import sys; sys.exit(3)"
# Prints the pid of its own child, which ignores SIGTERM.
HAS_A_CHILD = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {IGNORES_SIGTERM!r}], stdout=subprocess.DEVNULL).pid, flush=True)
time.sleep(600)
"""


def python_command(folder: Path, code: str, name: str = "child", grace_seconds: float = 20.0) -> Command:
    return Command(
        name=name,
        argv=(sys.executable, "-c", code),
        folder=folder,
        log=folder / f"{name}.log",
        grace_seconds=grace_seconds,
        environment={"COLOR": "green"},
    )


def output(command: Command) -> str:
    """What the child has written so far."""
    return command.log.read_text() if command.log.exists() else ""
