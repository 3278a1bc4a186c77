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
    """The model that serves a dataset, by which policy, and the models that were rejected. `pinned_by` is whose pin it
    is; older services do not say."""

    dataset: str
    experiment_id: str | None
    name: str | None
    accuracy: float | None
    val_accuracy: float | None
    policy: str
    pinned_experiment_id: str | None
    pinned_at: datetime | None
    rejected: list[RejectedModel]
    pinned_by: str | None = None


class Promotion(Answer):
    """From `at` on the model of `experiment_id` served the dataset; `reason` is "pinned", "best", "fallback" (for a
    better one that is damaged) or "none" (no model could serve)."""

    dataset: str
    at: datetime
    reason: str
    experiment_id: str | None
    name: str | None
    val_accuracy: float | None
    accuracy: float | None
    private: bool = False
    owner: str | None = None


class PredictedClass(Answer):
    """How often a class was predicted now, and on the validation split."""

    label: str
    count: int
    validation_count: int | None


class Drift(Answer):
    """The difference between the classes predicted now and those of the validation split: Jensen-Shannon distance from
    0 to 1, and the probability that it is chance."""

    distance: float
    p: float
    is_drifting: bool


class ServingTraffic(Answer):
    """What the model that serves a dataset was asked: requests of each of the last sixty minutes; verdicts and
    predicted classes of the last 24 hours."""

    dataset: str
    experiment_id: str
    requests_per_second: float
    requests_by_minute: list[int]
    verdicts: dict[str, int]
    confident_share: float | None
    validation_confident_share: float | None
    predicted: list[PredictedClass]
    drift: Drift | None
