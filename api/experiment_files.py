"""What there is to download of an experiment: files that are stored, and those that routes make."""

from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from api import content
from api.schemas.experiment_files import ExperimentFile, ExperimentFileList
from models_store.experiments.files import StoredFile, tells_test_results
from models_store.experiments.record import Record, Status

_MEDIA_TYPES = {".json": content.JSON, ".jsonl": content.NDJSON, ".log": content.PLAIN}
# Name, route, media type.
_OF_EPOCHS = (
    ("history.csv", "/experiments/{id}/history.csv", content.CSV),
    ("history.svg", "/experiments/{id}/plots/history.svg", content.SVG),
    ("tensorboard.zip", "/experiments/{id}/tensorboard", content.ZIP),
    ("report.html", "/experiments/{id}/report.html", content.HTML),
    ("report.md", "/experiments/{id}/report.md", content.MARKDOWN),
)
_OF_RESULTS = (("bundle.zip", "/models/{id}/bundle.zip", content.ZIP),)
_OF_TEST = (
    ("confusion.svg", "/experiments/{id}/plots/confusion.svg", content.SVG),
    ("mistakes.png", "/experiments/{id}/mistakes.png", content.PNG),
)


def list_experiment_files(record: Record, stored: Sequence[StoredFile]) -> ExperimentFileList:
    made = [
        *(_OF_RESULTS if record.status is Status.SUCCEEDED else ()),
        *(_OF_TEST if record.status is Status.SUCCEEDED and not record.test_hidden else ()),
        *(_OF_EPOCHS if record.epochs_completed else ()),
    ]
    items = [ExperimentFile(name=name, url=url.format(id=record.id), media_type=kind) for name, url, kind in made]
    shown = [each for each in stored if not (record.test_hidden and tells_test_results(each.name, is_hidden=True))]
    return ExperimentFileList(items=items + [_of_stored(record.id, each) for each in shown])


def _of_stored(experiment_id: str, file: StoredFile) -> ExperimentFile:
    return ExperimentFile(
        name=file.name,
        url=f"/experiments/{experiment_id}/files/{quote(file.name)}",
        media_type=_MEDIA_TYPES.get(PurePath(file.name).suffix, content.OCTETS),
        bytes=file.bytes,
        sha256=file.sha256,
    )
