"""Log directories of TensorBoard."""

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Self

import httpx2

from trainyard.errors import UnexpectedAnswer

_ID_CHARACTERS = 8  # with which the folder of a run ends
_OURS = "*.tfevents.*.trainyard"
# TensorBoard passes over files without "tfevents" in their names.
_PARTIAL = ".trainyard.part"


class LogDirectory:
    """The history of an experiment for TensorBoard: `zipped` are its event files, in a folder of their own."""

    def __init__(self, zipped: bytes) -> None:
        self.zipped = zipped

    @classmethod
    def of(cls, response: httpx2.Response) -> Self:
        return cls(response.content)

    def extract(self, folder: str | os.PathLike[str]) -> Path:
        """Write it into `folder`, which TensorBoard is given (`tensorboard --logdir`); return the folder of the run in
        it. Event files that were extracted there of the same experiment before are replaced, also those under another
        name and those that it no longer has: it stays one run. Files of others are left. Raises UnexpectedAnswer if it
        is no log directory, OSError if it cannot be written."""
        target = Path(folder)
        try:
            with zipfile.ZipFile(io.BytesIO(self.zipped)) as archive:
                run = target / _root(archive)
                files = {target / each: archive.read(each) for each in archive.namelist() if not each.endswith("/")}
        except (zipfile.BadZipFile, zlib.error) as error:
            raise UnexpectedAnswer(f"expected a zip with a log directory: {error}") from error
        _follow_rename(run)
        _write(files)
        _remove_others(run, files)
        return run


def _root(archive: zipfile.ZipFile) -> str:
    """The one folder that everything is in."""
    roots = {name.partition("/")[0] for name in archive.namelist()}
    steps = {step for name in archive.namelist() for step in PurePosixPath(name).parts}
    if len(roots) != 1 or not roots.isdisjoint({"", "."}) or ".." in steps:
        raise UnexpectedAnswer(f"expected a zip with one folder, received {sorted(roots)[:5]}")
    return roots.pop()


def _follow_rename(run: Path) -> None:
    """Of an experiment that has had another name."""
    if run.exists() or not run.parent.is_dir():
        return
    end = run.name[-_ID_CHARACTERS:]
    for other in run.parent.iterdir():
        if other.is_dir() and other.name.endswith(f"-{end}"):
            other.rename(run)
            return


def _write(files: Mapping[Path, bytes]) -> None:
    """Each appears when it is complete: TensorBoard may be reading."""
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(_PARTIAL)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _remove_others(run: Path, files: Mapping[Path, bytes]) -> None:
    """What the experiment had before `retry`, or before its test results were hidden."""
    for path in list(run.rglob(_OURS)):
        if path not in files and path.is_file():
            path.unlink()
            if path.parent != run and not any(path.parent.iterdir()):
                path.parent.rmdir()
