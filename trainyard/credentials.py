"""Keys that `trainyard login` keeps for each service, in a file of the user alone."""

import json
import os
import tempfile
from pathlib import Path

from trainyard.errors import UsageError


def credentials_file() -> Path:
    """`trainyard/keys.json` in the user's configuration folder."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "trainyard" / "keys.json"


def kept_key(url: str) -> str | None:
    """The key for the service at `url`, if one is kept. Raises UsageError if the file is damaged."""
    return _read().get(url)


def keep_key(url: str, key: str) -> Path:
    """Keep a key for the service at `url`, in place of an earlier one; the file that has it now. Raises UsageError."""
    return _write({**_read(), url: key})


def forget_key(url: str) -> bool:
    """Whether there was a key to forget. Raises UsageError."""
    kept = _read()
    if url not in kept:
        return False
    _write({each: key for each, key in kept.items() if each != url})
    return True


def _read() -> dict[str, str]:
    path = credentials_file()
    try:
        kept = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the keys in {path}: {error}; delete it, then `trainyard login` again") from error
    if not isinstance(kept, dict) or not all(isinstance(key, str) for key in kept.values()):
        raise UsageError(f"{path} does not hold keys by address; delete it, then `trainyard login` again")
    return kept


def _write(kept: dict[str, str]) -> Path:
    path = credentials_file()
    try:
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        # Made for the user alone, and complete before it has its name.
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file, indent=1)
        Path(draft).replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}; use TRAINYARD_KEY instead") from error
    return path
