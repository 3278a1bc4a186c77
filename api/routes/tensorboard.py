"""`GET /experiments/{id}/tensorboard`."""

from fastapi import APIRouter, Response

from analysis.tensorboard.log_directory import zip_log_directory
from api import content
from api.access import READ
from api.dependencies import ExperimentsDep
from api.wire.caching import ValidatorsDep, cache_headers, etag_of, not_modified

router = APIRouter(tags=["experiments"], dependencies=[READ])


@router.get(
    "/experiments/{experiment_id}/tensorboard",
    response_class=Response,
    responses=content.or_not_modified(content.binary(content.ZIP)),
)
def get_tensorboard(experiment_id: str, experiments: ExperimentsDep, validators: ValidatorsDep) -> Response:
    """Get the history of an experiment, also while it runs, as a log directory of TensorBoard in a zip: unpack it, and
    `tensorboard --logdir` shows training, validation and test metrics under the names that Keras's callback gives
    them (`epoch_loss`), the spec as text, and its hyperparameters. Steps are epochs, counted from 0."""
    record = experiments.get(experiment_id)
    history = experiments.history(experiment_id)
    shown = [record.version, record.name, record.status, record.test_metrics, record.spec.document]
    etag = etag_of("tensorboard", [*shown, history])
    if validators.match(etag):
        return not_modified(etag)
    name = {"Content-Disposition": f'attachment; filename="tensorboard-{record.id}.zip"'}
    return Response(zip_log_directory(record, history), media_type=content.ZIP, headers={**name, **cache_headers(etag)})
