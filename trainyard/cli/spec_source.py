"""Where the spec comes from that a user names on the command line."""

import sys
from pathlib import Path

from trainyard.client import Client, Spec
from trainyard.errors import UsageError


def read_spec(client: Client, source: str) -> Spec:
    """`-` is standard input, then comes a file's path, then a preset's name. Raises UsageError."""
    if source == "-":
        return sys.stdin.buffer.read()
    path = Path(source)
    if path.exists():
        try:
            return path.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read {source}: {error.strerror}") from None
    presets = {preset["name"]: preset["spec"] for preset in client.presets()}
    if source in presets:
        spec: Spec = presets[source]
        return spec
    raise UsageError(f"{source} is neither a file nor a preset; presets: {', '.join(presets)}")
