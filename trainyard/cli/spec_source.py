"""Specs named on the command line."""

import sys
from pathlib import Path

from trainyard.client import Client
from trainyard.errors import UsageError
from trainyard.operations.experiments import Spec


def read_spec(client: Client, source: str) -> Spec:
    """Standard input for `-`, otherwise a file, otherwise a preset. Raises UsageError."""
    if source == "-" or Path(source).exists():
        return read_file(source)
    presets = {preset.name: preset.spec for preset in client.presets()}
    if source not in presets:
        raise UsageError(f"{source} is neither a file nor a preset; presets: {', '.join(presets)}")
    return presets[source]


def read_file(source: str) -> bytes:
    """Standard input for `-`, otherwise a file. Raises UsageError."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from None
