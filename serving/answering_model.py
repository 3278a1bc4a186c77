"""What an answer says of the model that gave it."""

from pydantic import BaseModel

from models_store.experiments.record import Record


class AnsweringModel(BaseModel):
    """The model that answered. `accuracy` is that on the test split."""

    experiment_id: str
    dataset: str
    name: str
    accuracy: float | None
    val_accuracy: float | None


def described(record: Record) -> AnsweringModel:
    return AnsweringModel(
        experiment_id=record.id,
        dataset=record.dataset,
        name=record.name,
        accuracy=record.test_metrics.get("accuracy"),
        val_accuracy=record.validation_metrics.get("val_accuracy"),
    )
