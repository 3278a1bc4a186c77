"""The networks in memory, up to a number of bytes."""

import threading

from cachetools import LRUCache

from models_store.models.catalogue import ModelCatalogue
from serving.served_model import ServedModel

# The session of the smallest network, and the memory it computes in.
_MIN_BYTES = 1_000_000


class LoadedModels:
    """Networks that were verified, loaded and probed, by experiment. Once all take more than `max_bytes`, the least
    recently used ones are dropped; the one loaded last stays even if it takes more alone. A caller that holds a dropped
    model can keep using it.

    The size of a model is that of its file: measured, ONNX Runtime takes 1.0 to 1.13 times as much (100 thousand to 10
    million parameters).
    """

    def __init__(self, catalogue: ModelCatalogue, threads: int, max_bytes: int) -> None:
        self._catalogue = catalogue
        self._threads = threads
        self._models: LRUCache[str, ServedModel] = LRUCache(
            max_bytes, getsizeof=lambda model: min(max_bytes, max(_MIN_BYTES, model.file_bytes))
        )
        # Held for microseconds only: every prediction needs it.
        self._lock = threading.Lock()
        # One load at a time: a model loaded twice would take twice the memory.
        self._loading = threading.Lock()

    def get(self, experiment_id: str) -> ServedModel | None:
        """The model if it is in memory."""
        with self._lock:
            return self._models.get(experiment_id)

    def obtain(self, experiment_id: str) -> ServedModel:
        """The model in memory, or else load it. Raises NotFound, InvalidState if it did not succeed, Damaged,
        Unavailable."""
        if (model := self.get(experiment_id)) is not None:
            return model
        with self._loading:
            return self.get(experiment_id) or self._load(experiment_id)

    def reload(self, experiment_id: str) -> ServedModel:
        """Load it from disk even if it is in memory, to make sure that its files are sound. Raises as `obtain`."""
        with self._loading:
            return self._load(experiment_id)

    def discard(self, experiment_id: str) -> None:
        with self._lock:
            self._models.pop(experiment_id, None)

    def _load(self, experiment_id: str) -> ServedModel:
        model = ServedModel(self._catalogue.load(experiment_id), self._threads)
        with self._lock:
            self._models[experiment_id] = model
        return model
