"""`GET /models/{id}/bundle.zip`."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Response

from analysis.model_card.card import Card, render_documents
from api import content
from api.access import READ
from api.dependencies import SettingsDep, StoreDep
from api.wire.caching import Validators, cache_headers, etag_of, not_modified
from api.wire.downloads import download
from models_store.files import storage_errors
from serving.bundle.bundle import Bundle, required_versions
from settings import VERSION

router = APIRouter(tags=["models"], dependencies=[READ])
# Most bundles fit; larger ones are written to the store's disk: the temporary folder of a container may be memory, too.
_IN_MEMORY_BYTES = 4_000_000


@router.get(
    "/models/{experiment_id}/bundle.zip",
    response_class=Response,
    responses=content.or_not_modified(content.binary(content.ZIP)),
)
def get_bundle(
    experiment_id: str, store: StoreDep, settings: SettingsDep, validators: Annotated[Validators, Depends()]
) -> Response:
    """Export the model of an experiment: `.keras` and ONNX file, labels, preprocessing, a `predict.py` that needs only
    numpy, Pillow and ONNX Runtime and answers as `POST /predict` does, a model card with the metrics.

    Every published file in it is checked against its sha256 before the first byte is sent.
    """
    with store.models.open_published(experiment_id) as (record, folder):
        bundle = Bundle.of(record, folder, settings.max_image_pixels)
        versions = required_versions()
        etag = etag_of("bundle", [*bundle.sources, versions])
        if validators.match(etag):
            return not_modified(etag)
        if not record.test_hidden:
            store.experiments.look(record)  # its model card has the metrics
        card = Card(bundle.record, bundle.info, bundle.evaluations, bundle.manifest, VERSION, versions)
        file = _write(bundle, render_documents(card), settings.store_dir)
    return download(file, _name(bundle), content.ZIP, cache_headers(etag))


def _write(bundle: Bundle, documents: Mapping[str, str], folder: Path) -> IO[bytes]:
    """The whole bundle, in memory or in `folder`, positioned at its end; the caller closes it."""
    with ExitStack() as unless_written, storage_errors(f"the bundle of experiment {bundle.record.id}"):
        file = unless_written.enter_context(SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=str(folder)))
        bundle.write(file, documents)
        unless_written.pop_all()
    return file


def _name(bundle: Bundle) -> str:
    """The experiment's name, reduced to what any file system and any header accepts, and its id."""
    plain = re.sub(r"[^a-z0-9]+", "-", bundle.record.name.lower())[:40].strip("-")
    return f"{plain or 'model'}-{bundle.record.id}.zip"
