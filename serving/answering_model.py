"""The model that gave an answer, as every answer describes it."""

from pydantic import BaseModel

from models_store.experiments.record import Record


class AnsweringModel(BaseModel):
    """The model that answered. `accuracy` is that on the test split, null while that is hidden."""

    experiment_id: str
    dataset: str
    name: str
    accuracy: float | None
    val_accuracy: float | None

    @classmethod
    def of(cls, record: Record) -> "AnsweringModel":
        return cls(
            experiment_id=record.id,
            dataset=record.dataset,
            name=record.name,
            accuracy=record.test_metrics.get("accuracy"),
            val_accuracy=record.validation_metrics.get("val_accuracy"),
        )
