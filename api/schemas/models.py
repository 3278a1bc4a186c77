"""Served models."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self, get_args

from api.schemas.answer import Answer, ItemList
from models_store.experiments.record import Record
from models_store.models.promotions import Promotion
from models_store.models.traffic import ModelTraffic
from serving.answering_model import AnsweringModel
from serving.drift import Baseline, Drift, measure_drift
from serving.status import ServingStatus
from serving.verdict import Verdict


class RejectedModel(Answer):
    """A model that could not serve; `experiment_id` is null where the pin itself is damaged."""

    experiment_id: str | None
    reason: str


class ServingModel(Answer):
    """The model that serves a dataset, and why.

    `policy` is what was asked for: the model that is `pinned`, or the `best`. `rejected` are models that cannot serve:
    then the previous model keeps serving, and after a restart the best intact one. The first members are those of the
    model that serves, null if none can. `pinned_by` is whose pin it is: only they and admins change it; null where
    everybody may who may choose what serves.
    """

    dataset: str
    experiment_id: str | None
    name: str | None
    accuracy: float | None
    val_accuracy: float | None
    policy: Literal["pinned", "best"]
    pinned_experiment_id: str | None
    pinned_at: datetime | None
    pinned_by: str | None
    rejected: list[RejectedModel]

    @classmethod
    def of(cls, status: ServingStatus) -> "ServingModel":
        model = AnsweringModel.of(status.serving) if status.serving else None
        return cls(
            dataset=status.dataset,
            experiment_id=model.experiment_id if model else None,
            name=model.name if model else None,
            accuracy=model.accuracy if model else None,
            val_accuracy=model.val_accuracy if model else None,
            policy="pinned" if status.pin else "best",
            pinned_experiment_id=status.pin.experiment_id if status.pin else None,
            pinned_at=status.pin.pinned_at if status.pin else None,
            pinned_by=status.pin.owner if status.pin else None,
            rejected=[RejectedModel(experiment_id=each.experiment_id, reason=each.reason) for each in status.rejected],
        )


class ServingModelList(ItemList[ServingModel]):
    """A model for each dataset."""


class PromotionList(ItemList[Promotion]):
    """The last hundred promotions of each dataset, the newest first."""


class PredictedClass(Answer):
    """How often a class was predicted now, and on the validation split."""

    label: str
    count: int
    validation_count: int | None


class ServingTraffic(Answer):
    """What the model that serves a dataset was asked and has answered, in all API processes.

    `requests_by_minute` are the answered requests of the last sixty minutes, the present one last;
    `requests_per_second` is the mean of that one and the one before. The rest is of the last 24 hours. `verdicts` and
    `confident_share` count predictions of `POST /predict` and of batches, `predicted` those over other servers'
    protocols as well, without images that show no sample of a class. What is compared with the validation split is null
    for a model without stored predictions, `drift` also for fewer than five predictions a class.
    """

    dataset: str
    experiment_id: str
    requests_per_second: float
    requests_by_minute: list[int]
    verdicts: dict[Verdict, int]
    confident_share: float | None
    validation_confident_share: float | None
    predicted: list[PredictedClass]
    drift: Drift | None

    @classmethod
    def of(cls, record: Record, labels: Sequence[str], traffic: ModelTraffic, baseline: Baseline | None) -> Self:
        """`labels` are the classes of the model, in order of its outputs."""
        verdicts = {each: traffic.verdicts.get(each, 0) for each in get_args(Verdict)}
        assessed = sum(verdicts.values())
        validated = None if baseline is None else baseline.predicted.tolist()
        return cls(
            dataset=record.dataset,
            experiment_id=record.id,
            requests_per_second=traffic.requests_per_second,
            requests_by_minute=list(traffic.requests),
            verdicts=verdicts,
            confident_share=verdicts["confident"] / assessed if assessed else None,
            validation_confident_share=None if baseline is None else baseline.confident_share,
            predicted=[
                PredictedClass(
                    label=label,
                    count=traffic.predicted.get(index, 0),
                    validation_count=None if validated is None else validated[index],
                )
                for index, label in enumerate(labels)
            ],
            drift=None if baseline is None else measure_drift(traffic.predicted, baseline),
        )


class ServingTrafficList(ItemList[ServingTraffic]):
    """One for each model that serves, in order of the datasets' names."""
