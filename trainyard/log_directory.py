"""Log directories of TensorBoard."""

import io
import os
import zipfile
from pathlib import Path
from typing import Self

import httpx2

from trainyard.errors import UnexpectedAnswer

_ID_CHARACTERS = 8  # with which the folder of a run ends


class LogDirectory:
    """The history of an experiment for TensorBoard: `zipped` are its event files, in a folder of their own."""

    def __init__(self, zipped: bytes) -> None:
        self.zipped = zipped

    @classmethod
    def of(cls, response: httpx2.Response) -> Self:
        return cls(response.content)

    def extract(self, folder: str | os.PathLike[str]) -> Path:
        """Write it into `folder`, which TensorBoard is given (`tensorboard --logdir`); return the folder of the run in
        it. What was extracted there of the same experiment before is overwritten, also under another name: it stays one
        run. Raises UnexpectedAnswer if it is no log directory, OSError if it cannot be written."""
        target = Path(folder)
        try:
            with zipfile.ZipFile(io.BytesIO(self.zipped)) as archive:
                run = target / _root(archive)
                _follow_rename(run)
                archive.extractall(target)
        except zipfile.BadZipFile as error:
            raise UnexpectedAnswer(f"expected a zip with a log directory: {error}") from error
        return run


def _root(archive: zipfile.ZipFile) -> str:
    """The one folder that everything is in."""
    roots = {name.partition("/")[0] for name in archive.namelist()}
    if len(roots) != 1 or not roots.isdisjoint({"", ".", ".."}):
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
