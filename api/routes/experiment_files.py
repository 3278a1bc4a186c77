"""`/experiments/{id}/files`: what there is to download of an experiment. `/experiments/{id}/log`."""

import os
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import content
from api.access import READ
from api.dependencies import ExperimentsDep
from api.experiment_files import list_experiment_files
from api.schemas.experiment_files import ExperimentFileList
from api.wire.caching import ValidatorsDep, cache_headers, conditional, etag_of, not_modified
from api.wire.downloads import download
from models_store.errors import NotFound, list_names
from models_store.experiments.files import stored_files, tells_test_results
from models_store.experiments.log import read_log

router = APIRouter(tags=["experiments"], dependencies=[READ])
_MAX_LINES = 100_000


@router.get("/experiments/{experiment_id}/files")
def list_files(experiment_id: str, experiments: ExperimentsDep) -> ExperimentFileList:
    """List what there is to download of an experiment: stored files with their sizes, those of the published result
    with their SHA-256; and what is made on request, as the bundle, the report and plots. Without those that tell test
    results that are hidden."""
    record = experiments.get(experiment_id)
    return list_experiment_files(record, stored_files(experiments.existing_folder(experiment_id)))


@router.get(
    "/experiments/{experiment_id}/files/{name}",
    response_class=Response,
    responses=content.or_not_modified(content.binary(content.OCTETS)),
)
def get_file(experiment_id: str, name: str, experiments: ExperimentsDep, validators: ValidatorsDep) -> Response:
    """Get a stored file of an experiment by its name, as a download."""
    folder, record = experiments.existing_folder(experiment_id), experiments.get(experiment_id)
    stored = {each.name: each for each in stored_files(folder)}
    if name in stored and tells_test_results(name, record.test_hidden):
        experiments.look(record)
    if name not in stored:
        names = list_names(sorted(stored))
        raise NotFound(f"experiment {experiment_id} has no file {name[:100]!r}; its stored files are {names}")
    try:
        file = stored[name].path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"experiment {experiment_id} was deleted") from error
    status = os.fstat(file.fileno())
    etag = etag_of("file", stored[name].sha256 or [status.st_ino, status.st_mtime_ns, status.st_size])
    if validators.match(etag):
        file.close()
        return not_modified(etag)
    return download(file, name, content.OCTETS, cache_headers(etag))


@router.get(
    "/experiments/{experiment_id}/log",
    response_class=Response,
    responses=content.or_not_modified(content.text(content.PLAIN)),
)
def get_log(
    experiment_id: str,
    experiments: ExperimentsDep,
    validators: ValidatorsDep,
    lines: Annotated[int | None, Query(ge=1, le=_MAX_LINES, description="only so many of the last lines")] = None,
) -> Response:
    """Get the log of an experiment, also while it runs: what its trainers logged, epoch by epoch, with warnings and
    tracebacks, and how each attempt ended. The last megabyte is kept. Empty before the first attempt, and for
    experiments of version 0.2."""
    text = read_log(experiments.existing_folder(experiment_id), experiments.get(experiment_id).test_hidden)
    if lines is not None:
        text = "".join(text.splitlines(keepends=True)[-lines:])
    return conditional(text, content.PLAIN, validators)
