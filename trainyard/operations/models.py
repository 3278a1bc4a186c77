"""Models and predictions."""

from typing import Literal

import httpx2

from trainyard.answers.base import ItemList
from trainyard.answers.experiments import Experiment
from trainyard.answers.models import AnsweringModel, Promotion, ServingModel, ServingTraffic
from trainyard.answers.predictions import LabeledPrediction, Predictions
from trainyard.archives import Archive
from trainyard.errors import UsageError
from trainyard.images import Image, read_image
from trainyard.operations.datasets import UPLOAD_SILENCE_SECONDS
from trainyard.operations.operation import Operation, leave_unread, read_as, segment

BEST = "best"
_BUNDLE_SILENCE_SECONDS = 300.0  # all of it is checked before the first byte comes


def models() -> Operation[ItemList[ServingModel]]:
    """For each dataset the model that serves, by which policy, and which models were rejected."""
    return Operation("GET", "/models", read_as(ItemList[ServingModel]))


def promotions(dataset: str | None = None) -> Operation[ItemList[Promotion]]:
    """Which models have served a dataset, or all of them, and why, the newest first."""
    return Operation("GET", "/models/promotions", read_as(ItemList[Promotion]), {"dataset": dataset})


def traffic() -> Operation[ItemList[ServingTraffic]]:
    """What the model that serves each dataset was asked and has answered, and whether that has drifted."""
    return Operation("GET", "/models/traffic", read_as(ItemList[ServingTraffic]))


def best_model(dataset: str) -> Operation[AnsweringModel]:
    """The best model of a dataset, by validation accuracy."""
    return Operation("GET", "/models/best", read_as(AnsweringModel), {"dataset": dataset})


def serve(dataset: str, experiment_id: str = BEST) -> Operation[ServingModel]:
    """Pin the model of an experiment to `dataset`, or return to the best one. Raises Conflict if it cannot serve."""
    body = {"policy": BEST} if experiment_id == BEST else {"experiment_id": experiment_id}
    return Operation("PUT", f"/models/serving/{segment(dataset)}", read_as(ServingModel), json=body)


def improve(
    dataset: str,
    *add: str,
    promote: Literal["automatic", "on_approval"] | None = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
    private: bool | None = None,
    idempotency_key: str | None = None,
) -> Operation[Experiment]:
    """Fine-tune the model that serves `dataset`, with its corrections, or with the datasets `add`; the result is
    compared with what serves then, and promoted `automatic`ally unless it is worse, or waits `on_approval`. The same
    `idempotency_key` and wishes return the same experiment, so that a call can be repeated safely. Raises Conflict if
    no label was corrected yet, or the same model is being improved already."""
    wanted = {"add": list(add) or None, "promote": promote, "epochs": epochs, "learning_rate": learning_rate}
    body = {name: value for name, value in wanted.items() if value is not None}
    path = f"/datasets/{segment(dataset)}:improve"
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    return Operation("POST", path, read_as(Experiment), {"private": private}, headers, json=body)


def promote(experiment_id: str) -> Operation[Experiment]:
    """Have a fine-tuned model that waits for approval serve its dataset. Raises Conflict if it was not checked yet."""
    return Operation("POST", f"/experiments/{segment(experiment_id)}:promote", read_as(Experiment))


def decline(experiment_id: str) -> Operation[Experiment]:
    """Decide against a fine-tuned model that waits for approval. Raises Conflict if it does not."""
    return Operation("POST", f"/experiments/{segment(experiment_id)}:decline", read_as(Experiment))


def predict(
    *images: Image,
    dataset: str | None = None,
    experiment: str | None = None,
    top: int = 3,
    digits: Literal["one", "many"] | None = None,
    explain: Literal["occlusion"] | None = None,
) -> Operation[Predictions]:
    """The `top` most probable classes of each image: a path, the bytes of a PNG, JPEG or WebP, a file object, a uint8
    array, or a PIL image.

    The best model answers, or that of a dataset or an experiment. With `digits="many"` a row of digits is read from
    left to right: there is a prediction for each digit, and a reading for each image. With `explain="occlusion"` there
    are `explanations`, one for each prediction: which parts of the image speak for it.
    """
    if not images:
        raise UsageError("predict needs at least one image")
    files = [("file", read_image(image, number)) for number, image in enumerate(images, 1)]
    params = {"dataset": dataset, "experiment": experiment, "top": top, "digits": digits, "explain": explain}
    return Operation("POST", "/predict", read_as(Predictions), params, files=files)


def label(prediction_id: str, name: str) -> Operation[LabeledPrediction]:
    """Add the image of a prediction to the dataset `<name>-corrections`, with the class it shows. Raises NotFound once
    the prediction has expired, after an hour by default."""
    path = f"/predictions/{segment(prediction_id)}/label"
    return Operation("POST", path, read_as(LabeledPrediction), json={"label": name})


def predict_batch(
    images: Archive, dataset: str | None = None, experiment: str | None = None, top: int = 3
) -> Operation[httpx2.Response]:
    """For `Client.predict_batch`, which reads the answer line by line."""
    params = {"dataset": dataset, "experiment": experiment, "top": top}
    return Operation(
        "POST", "/predict:batch", leave_unread, params, archive=images, silence_seconds=UPLOAD_SILENCE_SECONDS
    )


def bundle(experiment_id: str) -> Operation[httpx2.Response]:
    """For `Client.bundle`, which writes the answer to a file."""
    path = f"/models/{segment(experiment_id)}/bundle.zip"
    return Operation("GET", path, leave_unread, silence_seconds=_BUNDLE_SILENCE_SECONDS)
