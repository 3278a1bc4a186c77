"""`GET /models/{id}/bundle.zip`."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from api.dependencies import SettingsDep, StoreDep
from api.wire.etag import KnownTags
from api.wire.render_cache import key_of
from models_store.files import storage_errors
from serving.bundle.bundle import Bundle
from serving.bundle.card import runs_with

router = APIRouter(tags=["models"])
_ZIP = "application/zip"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The bundle is as it was when it had the ETag in `If-None-Match`."},
}
# What most bundles fit in; larger ones lie on the store's disk, for the temporary folder of a container is memory, too.
_IN_MEMORY_BYTES = 4_000_000
_PIECE_BYTES = 1 << 18


@router.get("/models/{experiment_id}/bundle.zip", response_class=Response, responses=_RESPONSES)
def get_bundle(
    experiment_id: str, store: StoreDep, settings: SettingsDep, known: Annotated[KnownTags, Depends()]
) -> Response:
    """The model of an experiment to take away: `.keras` and ONNX file, labels, preprocessing, a `predict.py` that needs
    numpy, Pillow and ONNX Runtime alone and answers as `POST /predict` does, a model card with the figures.

    Every published file in it is checked against its sha256 before the first byte is sent.
    """
    with store.models.published(experiment_id) as (record, folder):
        bundle = Bundle.of(record, folder, settings.max_image_pixels)
        etag = f'"{key_of("bundle", [*bundle.made_of, runs_with()])}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache"}
        if etag in known:
            return Response(status_code=304, headers=headers)
        file = _written(bundle, settings.store_dir)
    headers |= {"Content-Length": str(file.tell()), "Content-Disposition": f'attachment; filename="{_name(bundle)}"'}
    return StreamingResponse(_pieces(file), media_type=_ZIP, headers=headers)


def _written(bundle: Bundle, folder: Path) -> IO[bytes]:
    """The whole bundle, in memory or on the disk of `folder`, to be closed; the position is at its end."""
    with ExitStack() as unless_written, storage_errors(f"the bundle of experiment {bundle.record.id}"):
        file = unless_written.enter_context(SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder)))
        bundle.write(file)
        unless_written.pop_all()
    return file


def _name(bundle: Bundle) -> str:
    """What remains of the experiment's name in any file system and any header, and its id."""
    plain = re.sub(r"[^a-z0-9]+", "-", bundle.record.name.lower())[:40].strip("-")
    return f"{plain or 'model'}-{bundle.record.id}.zip"


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece
