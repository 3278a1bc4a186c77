"""The networks that are in memory: as many as have room."""

import threading
from collections import OrderedDict

from models_store.models.catalogue import ModelCatalogue
from serving.served_model import ServedModel

# What the smallest network takes: its session, and what it computes in.
_MIN_BYTES = 1_000_000


class LoadedModels:
    """Networks that were verified, loaded and probed, by experiment. Those that were asked longest ago are given up
    once all take more than `max_bytes` together; the one that was loaded last stays in any case. Whoever holds one
    that was given up goes on with it.

    Counted are the bytes of their files: measured, ONNX Runtime takes 1.0 to 1.13 times as much (100 thousand to 10
    million parameters).
    """

    def __init__(self, catalogue: ModelCatalogue, threads: int, max_bytes: int) -> None:
        self._catalogue = catalogue
        self._threads = threads
        self._max_bytes = max_bytes
        self._models: OrderedDict[str, ServedModel] = OrderedDict()  # the one that was asked last at the end
        # One at a time: what is loaded twice takes the room of two.
        self._loading = threading.Lock()

    def get(self, experiment_id: str) -> ServedModel | None:
        """The one that is in memory, or None. Takes no lock: every prediction asks."""
        try:
            self._models.move_to_end(experiment_id)
            return self._models[experiment_id]
        except KeyError:
            return None

    def obtain(self, experiment_id: str) -> ServedModel:
        """The one that is in memory, or else load it. Raises NotFound, InvalidState if it did not succeed, Damaged,
        Unavailable."""
        if (model := self.get(experiment_id)) is not None:
            return model
        with self._loading:
            return self.get(experiment_id) or self._loaded(experiment_id)

    def load(self, experiment_id: str) -> ServedModel:
        """Read it from disk, also where it is in memory: it must be sound on disk, too. Raises as `obtain`."""
        with self._loading:
            return self._loaded(experiment_id)

    def discard(self, experiment_id: str) -> None:
        self._models.pop(experiment_id, None)

    def _loaded(self, experiment_id: str) -> ServedModel:
        model = ServedModel(self._catalogue.load(experiment_id), self._threads)
        self._models[experiment_id] = model
        self._models.move_to_end(experiment_id)
        self._make_room(model)
        return model

    def _make_room(self, newest: ServedModel) -> None:
        models = list(self._models.values())
        taken = sum(map(_size, models))
        for model in models:
            if taken <= self._max_bytes:
                return
            if model is not newest:
                self.discard(model.id)
                taken -= _size(model)


def _size(model: ServedModel) -> int:
    return max(_MIN_BYTES, model.file_bytes)
