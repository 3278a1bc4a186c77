"""Models that serve predictions."""

from datetime import datetime

from trainyard.answers.base import Answer


class AnsweringModel(Answer):
    """The model behind a prediction; `accuracy` is that on the test split."""

    experiment_id: str
    dataset: str
    name: str
    accuracy: float | None
    val_accuracy: float | None


class RejectedModel(Answer):
    """A model that cannot serve; `experiment_id` is None where the pin itself is damaged."""

    experiment_id: str | None
    reason: str


class ServingModel(Answer):
    """The model that serves a dataset, by which policy, and the models that were rejected."""

    dataset: str
    experiment_id: str | None
    name: str | None
    accuracy: float | None
    val_accuracy: float | None
    policy: str
    pinned_experiment_id: str | None
    pinned_at: datetime | None
    rejected: list[RejectedModel]
