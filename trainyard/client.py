"""Trainyard from Python."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self, cast
from urllib.parse import quote

from trainyard.errors import IncompleteAnswer
from trainyard.event_stream import Event, follow
from trainyard.folder_archive import as_archive
from trainyard.transport import Transport

DEFAULT_URL = "http://127.0.0.1:8000"
BEST = "best"
JsonObject = dict[str, Any]
Spec = Mapping[str, Any] | str | bytes | Path
Image = Path | bytes
_PAGE = 100
_PIECE_BYTES = 1 << 20
_BUNDLE_SECONDS = 300.0  # of silence: all of it is checked before the first byte comes
_UPLOAD_SECONDS = 600.0  # of silence: a large archive takes its time to reach the disk


class Client:
    """Talks to one Trainyard. Answers are the API's JSON as it is; see `/docs` there for their members.

    `base_url` left out is that of the environment's TRAINYARD_URL, or http://127.0.0.1:8000. Every method raises
    `trainyard.errors.Unreachable` if nothing answers and `trainyard.errors.ApiError` if the API rejects. To be
    closed, or used as a context.
    """

    def __init__(self, base_url: str | None = None) -> None:
        self._transport = Transport(base_url or os.environ.get("TRAINYARD_URL") or DEFAULT_URL)

    @property
    def url(self) -> str:
        return self._transport.url

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- experiments -------------------------------------------------------------------------------------------

    def submit(self, spec: Spec, idempotency_key: str | None = None) -> JsonObject:
        """Queue an experiment and return its record. `spec` is a mapping, a JSON or YAML text, or a file's path.

        The same `idempotency_key` and spec give the same experiment, so that a call can be repeated safely.
        """
        body, headers = _document(spec)
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        return _object(self._transport.send("POST", "/experiments", content=body, headers=headers).json())

    def submit_change(self, patch: Mapping[str, Any]) -> JsonObject:
        """Queue the experiment that `patch`, a JSON merge patch, makes of the one it is `based_on`; its record."""
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = self._transport.send("POST", "/experiments", content=json.dumps(patch).encode(), headers=headers)
        return _object(answer.json())

    def validate(self, spec: Spec) -> JsonObject:
        """Layers with shapes and parameters, steps per epoch, warnings; ApiError with `errors` if it is invalid."""
        body, headers = _document(spec)
        return _object(self._transport.send("POST", "/experiments:validate", content=body, headers=headers).json())

    def page(self, **filters: Any) -> JsonObject:
        """One page: `items` and `next_cursor`, which as `cursor` leads to the next. See `list` for the filters."""
        parameters = {name: value for name, value in filters.items() if value is not None}
        return _object(self._transport.get("/experiments", params=parameters).json())

    def list(self, **filters: Any) -> Iterator[JsonObject]:
        """All records that match, page by page as they are asked for.

        Filters: `status`, `dataset`, `tag`, `name` (part of it), `sort` (`created_at`, `val_accuracy`; with `-`
        from the highest down).
        """
        cursor: str | None = None
        while True:
            page = self.page(**{"limit": _PAGE, **filters, "cursor": cursor})
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def get(self, experiment_id: str) -> JsonObject:
        return _object(self._transport.get(_path(experiment_id)).json())

    def history(self, experiment_id: str, since: int | None = None) -> JsonObject:
        """`history` maps each metric to its values by epoch, as Keras does; only epochs after `since`."""
        return _object(self._transport.get(f"{_path(experiment_id)}/history", params=_since(since)).json())

    def history_csv(self, experiment_id: str, since: int | None = None) -> str:
        headers = {"Accept": "text/csv"}
        path = f"{_path(experiment_id)}/history"
        return self._transport.get(path, params=_since(since), headers=headers).text

    def events(self, experiment_id: str) -> Iterator[Event]:
        """Follow an experiment: all epochs so far, then what happens, up to the event `end`.

        Goes on after a connection that broke, with no epoch left out or told twice.
        """
        return follow(self._transport, f"{_path(experiment_id)}/events")

    def wait(self, experiment_id: str) -> JsonObject:
        """Return the record once the experiment has ended, however it ended."""
        for _ in self.events(experiment_id):
            pass
        return self.get(experiment_id)

    def evaluation(self, experiment_id: str, split: str = "test") -> JsonObject:
        """How good the published network is on `split`: `training`, `validation` or `test`."""
        return _object(self._transport.get(f"{_path(experiment_id)}/evaluation", params={"split": split}).json())

    def mistakes(self, experiment_id: str, **filters: Any) -> Sequence[JsonObject]:
        """Wrong samples, the surest mistakes first. Filters: `split`, `true`, `predicted`, `suspect`, `sort`, `limit`,
        `offset`."""
        return cast(
            Sequence[JsonObject],
            self._transport.get(f"{_path(experiment_id)}/mistakes", params=filters).json()["items"],
        )

    def evaluate(self, experiment_id: str, dataset: str, split: str = "all") -> JsonObject:
        """Have the trained network asked about another dataset: `all` of it, its official `test` split, or the others
        (`train`). The record of the evaluation; `evaluation_on` tells how it goes."""
        body = {"dataset": dataset, "split": split}
        answer = self._transport.send("POST", f"{_path(experiment_id)}/evaluations", json=body)
        return _object(answer.json())

    def evaluation_on(self, experiment_id: str, dataset: str) -> JsonObject:
        """Its `status`, and once that is `succeeded` the figures in `evaluation`."""
        path = f"{_path(experiment_id)}/evaluations/{quote(dataset, safe='')}"
        return _object(self._transport.get(path).json())

    def evaluations(self, experiment_id: str) -> Sequence[JsonObject]:
        """What the network was evaluated on beside its own dataset, or is going to be."""
        return cast(Sequence[JsonObject], self._transport.get(f"{_path(experiment_id)}/evaluations").json()["items"])

    def diagnosis(self, experiment_id: str) -> Sequence[JsonObject]:
        """What can be seen in history and evaluation: `rule`, `sentence`, `evidence`, and where a change is likely to
        help, `suggestion`, whose `patch` is for `submit_change`."""
        return cast(Sequence[JsonObject], self._transport.get(f"{_path(experiment_id)}/diagnosis").json()["items"])

    def compare(self, *experiment_ids: str, split: str = "test", limit: int | None = None) -> JsonObject:
        """The first of two to eight experiments beside each other one: differences of the specs, figures, which
        samples flipped (at most `limit` listed each way), and whether the difference may be chance."""
        wanted = {"ids": ",".join(experiment_ids), "split": split, "limit": limit}
        parameters = {name: value for name, value in wanted.items() if value is not None}
        return _object(self._transport.get("/compare", params=parameters).json())

    def lineage(self, experiment_id: str) -> JsonObject:
        """The experiments that it is based on, oldest first, with what each changed and gained."""
        return _object(self._transport.get(f"{_path(experiment_id)}/lineage").json())

    def cancel(self, experiment_id: str) -> JsonObject:
        return _object(self._transport.send("POST", f"{_path(experiment_id)}:cancel").json())

    def delete(self, experiment_id: str, force: bool = False) -> None:
        """With its files. `force` also deletes one whose model serves."""
        self._transport.send("DELETE", _path(experiment_id), params={"force": force})

    # -- datasets ---------------------------------------------------------------------------------------------

    def datasets(self) -> Sequence[JsonObject]:
        """The built-in datasets and the uploaded ones."""
        return cast(Sequence[JsonObject], self._transport.get("/datasets").json()["items"])

    def dataset(self, name: str) -> JsonObject:
        return _object(self._transport.get(f"/datasets/{quote(name, safe='')}").json())

    def add_dataset(self, name: str, archive: Path) -> JsonObject:
        """Upload a zip, a tar or a folder with one folder for each class; its record, whose `status` will be `ready`
        once a worker has read it."""
        with as_archive(archive) as file:
            options = {**_upload(file), "timeout": _UPLOAD_SECONDS}
            answer = self._transport.send("POST", "/datasets", params={"name": name}, **options)
        return _object(answer.json())

    def delete_dataset(self, name: str) -> None:
        """Rejected while an experiment needs it."""
        self._transport.send("DELETE", f"/datasets/{quote(name, safe='')}")

    # -- models ------------------------------------------------------------------------------------------------

    def presets(self) -> Sequence[JsonObject]:
        """Experiments to start from: each has a `name`, a `title` and a `spec` for `submit`."""
        return cast(Sequence[JsonObject], self._transport.get("/presets").json()["items"])

    def models(self) -> Sequence[JsonObject]:
        """For each dataset the model that serves, why it does, and which models were rejected."""
        return cast(Sequence[JsonObject], self._transport.get("/models").json()["items"])

    def serve(self, dataset: str, experiment_id: str = BEST) -> JsonObject:
        """Have the model of an experiment serve `dataset` whatever is better, or again the best one; what serves now.
        Rejected (409) if the model has not succeeded, is of another dataset, or is damaged."""
        body = {"policy": BEST} if experiment_id == BEST else {"experiment_id": experiment_id}
        path = f"/models/serving/{quote(dataset, safe='')}"
        return _object(self._transport.send("PUT", path, json=body).json())

    def best_model(self, dataset: str) -> JsonObject:
        return _object(self._transport.get("/models/best", params={"dataset": dataset}).json())

    def bundle(self, experiment_id: str, target: Path) -> Path:
        """Write the model of an experiment to the zip `target`, with all that is needed to ask it without Trainyard;
        return `target`. What was there is replaced once all has come. Raises OSError where it cannot be written."""
        path = f"/models/{quote(experiment_id, safe='')}/bundle.zip"
        partial = target.with_name(f"{target.name}.part")
        try:
            with (
                self._transport.download(path, _BUNDLE_SECONDS) as zipped,
                partial.open("wb") as file,
            ):
                for piece in zipped:
                    file.write(piece)
            return partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def predict(
        self, *images: Image, dataset: str | None = None, experiment: str | None = None, top: int = 3
    ) -> JsonObject:
        """The `top` most probable classes of each image, which is a path or the bytes of a PNG, JPEG or WebP.

        The best model answers, or that of a dataset or an experiment.
        """
        files = [("file", _named(number, image)) for number, image in enumerate(images, 1)]
        wanted = {"dataset": dataset, "experiment": experiment, "top": top}
        parameters = {name: value for name, value in wanted.items() if value is not None}
        return _object(self._transport.send("POST", "/predict", files=files, params=parameters).json())

    def predict_many(
        self, images: Path, dataset: str | None = None, experiment: str | None = None, top: int = 3
    ) -> Iterator[JsonObject]:
        """The lines about the images of a zip, a tar or a folder, as they come: one with the `model`, then one for
        each image as in `predict`, or with its `filename` and an `error`, and one that is `done`.

        Raises `trainyard.errors.IncompleteAnswer` behind the last line where that is not all.
        """
        wanted = {"dataset": dataset, "experiment": experiment, "top": top}
        parameters = {name: value for name, value in wanted.items() if value is not None}
        line: JsonObject = {}
        with as_archive(images) as file:
            options = {**_upload(file), "params": parameters}
            with self._transport.send_for_lines("/predict:batch", _UPLOAD_SECONDS, **options) as lines:
                for text in lines:
                    line = _object(json.loads(text))
                    yield line
        if not line.get("done"):
            raise IncompleteAnswer(str(line.get("error", "the answer ended without its last line")))

    def label(self, prediction_id: str, name: str) -> JsonObject:
        """Tell which class the image of a prediction shows: it goes to the dataset `<name>-corrections`, which the
        answer names. Rejected (404) once the prediction is forgotten, by default after an hour."""
        path = f"/predictions/{quote(prediction_id, safe='')}/label"
        return _object(self._transport.send("POST", path, json={"label": name}).json())


def _upload(file: BinaryIO) -> dict[str, Any]:
    """With its length, so that what is too large is rejected before it is sent."""
    headers = {"Content-Length": str(file.seek(0, os.SEEK_END)), "Content-Type": "application/octet-stream"}
    file.seek(0)
    return {"content": _pieces(file), "headers": headers}


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _object(answer: Any) -> JsonObject:
    return cast(JsonObject, answer)


def _path(experiment_id: str) -> str:
    return f"/experiments/{quote(experiment_id, safe='')}"


def _since(since: int | None) -> dict[str, int]:
    return {} if since is None else {"since": since}


def _document(spec: Spec) -> tuple[bytes, dict[str, str]]:
    """The body, and its type if we know it: a text may be JSON or YAML, which the API finds out."""
    if isinstance(spec, Mapping):
        return json.dumps(spec).encode(), {"Content-Type": "application/json"}
    body = spec.read_bytes() if isinstance(spec, Path) else spec.encode() if isinstance(spec, str) else spec
    return body, {"Content-Type": "application/octet-stream"}


def _named(number: int, image: Image) -> tuple[str, bytes]:
    if isinstance(image, Path):
        return image.name, image.read_bytes()
    return f"image-{number}", image
