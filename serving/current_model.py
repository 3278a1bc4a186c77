"""The model that serves a dataset now."""

from typing import NamedTuple, Self

from models_store.experiments.record import Record
from models_store.models.catalogue import ranking_key
from models_store.visibility import Privacy
from serving.served_model import ServedModel


class CurrentModel(NamedTuple):
    """With its classes in the order of the network's outputs. `rank` is its `ranking_key`."""

    record: Record
    rank: tuple[bool, bool, float]
    takes_images: bool
    labels: tuple[str, ...]

    @classmethod
    def of(cls, model: ServedModel) -> Self:
        return cls(model.record, ranking_key(model.record), model.info.takes_images, model.info.labels)

    def with_privacy(self, privacy: Privacy) -> Self:
        if privacy == self.record.privacy:
            return self
        return self._replace(record=self.record.model_copy(update=privacy._asdict()))
