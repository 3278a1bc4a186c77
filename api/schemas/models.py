"""Served models."""

from datetime import datetime
from typing import Literal

from api.schemas.answer import Answer, ItemList
from serving.answering_model import AnsweringModel
from serving.status import ServingStatus


class RejectedModel(Answer):
    """A model that could not serve; `experiment_id` is null where the pin itself is damaged."""

    experiment_id: str | None
    reason: str


class ServingModel(Answer):
    """The model that serves a dataset, and why.

    `policy` is what was asked for: the model that is `pinned`, or the `best`. `rejected` are models that cannot serve:
    then the previous model keeps serving, and after a restart the best intact one. The first members are those of the
    model that serves, null if none can.
    """

    dataset: str
    experiment_id: str | None
    name: str | None
    accuracy: float | None
    val_accuracy: float | None
    policy: Literal["pinned", "best"]
    pinned_experiment_id: str | None
    pinned_at: datetime | None
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
            rejected=[RejectedModel(experiment_id=each.experiment_id, reason=each.reason) for each in status.rejected],
        )


class ServingModelList(ItemList[ServingModel]):
    """A model for each dataset."""
