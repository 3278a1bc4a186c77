"""The models that are being served, and the swap from one to the next."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence

from api.serving.served_model import ServedModel
from models_store.errors import StoreError, Unavailable
from models_store.models import ModelCatalogue
from models_store.records import Record

_NAMED_KEPT = 4
# The first load of a model takes the import of its engine with it.
_PATIENCE_SECONDS = 5.0

log = logging.getLogger(__name__)


class NoModel(Exception):
    """Nothing has been trained yet that could answer."""


class Registry:
    """For each data set the best model. A new one is loaded and checked beside the old one, then one reference is
    swapped, so that calls in flight end on the model they began with. One that is damaged is refused and the old one
    goes on.
    """

    def __init__(self, catalogue: ModelCatalogue, datasets: Sequence[str], threads: int) -> None:
        self._catalogue = catalogue
        self._datasets = datasets
        self._threads = threads
        self._served: dict[str, ServedModel] = {}
        self._named: OrderedDict[str, ServedModel] = OrderedDict()
        self._refused: set[tuple[str, int]] = set()
        self._refreshing = threading.Lock()
        self._loading = threading.Lock()

    def refresh(self, patience_seconds: float = 0.0) -> None:
        """Serve the best models that there are now. Another thread that does so is waited for, `patience_seconds` at
        most. While Redis is away all stays as it is."""
        if not self._refreshing.acquire(timeout=patience_seconds):
            return
        try:
            for dataset in self._datasets:
                try:
                    self._refresh(dataset, self._catalogue.ranked(dataset))
                except Unavailable as error:
                    log.warning("the best model of %s is not known: %s", dataset, error)
                    return
        finally:
            self._refreshing.release()

    def _refresh(self, dataset: str, ranked: Sequence[Record]) -> None:
        current = self._served.get(dataset)
        for record in ranked:
            if current is not None and record.id == current.id:
                return
            if (model := self._loaded(record)) is not None:
                self._served[dataset] = model
                log.info("%s is served by %s", dataset, record.id)
                return
        # Nothing that is published can take its place: it goes on, unless it was deleted.
        if current is not None and not self._catalogue.is_kept(current.id):
            del self._served[dataset]

    def _loaded(self, record: Record) -> ServedModel | None:
        if (record.id, record.version) in self._refused:
            return None
        try:
            return ServedModel(self._catalogue.load(record.id), self._threads)
        except (StoreError, OSError) as error:
            log.error("model %s is refused: %s", record.id, error)
            self._refused.add((record.id, record.version))
            return None

    def get(self, dataset: str | None, experiment_id: str | None) -> ServedModel:
        """The model of a named experiment, or the best of a data set, or the best of all.

        Raises NoModel if there is none, NotFound, InvalidState or Damaged for a named experiment.
        """
        if experiment_id is not None:
            return self._get_named(experiment_id)
        model = self._best(dataset)
        if model is None:
            self.refresh(_PATIENCE_SECONDS)
            model = self._best(dataset)
        if model is None:
            wanted = f"for {dataset}" if dataset else "yet"
            raise NoModel(f"no model {wanted}: POST an experiment to /experiments and wait until it has succeeded")
        return model

    def _best(self, dataset: str | None) -> ServedModel | None:
        if dataset is not None:
            return self._served.get(dataset)
        served = list(self._served.values())
        return max(served, key=lambda model: model.record.validation_metrics.get("val_accuracy") or 0.0, default=None)

    def _get_named(self, experiment_id: str) -> ServedModel:
        for model in (*self._served.values(), *self._named.values()):
            if model.id == experiment_id and self._catalogue.is_kept(experiment_id):
                return model
        with self._loading:
            if experiment_id not in self._named or not self._catalogue.is_kept(experiment_id):
                self._named.pop(experiment_id, None)
                self._named[experiment_id] = ServedModel(self._catalogue.load(experiment_id), self._threads)
            while len(self._named) > _NAMED_KEPT:
                self._named.popitem(last=False)
            return self._named[experiment_id]

    def is_serving(self, experiment_id: str) -> bool:
        return any(model.id == experiment_id for model in self._served.values())

    def forget(self, experiment_id: str) -> None:
        """Serve it no longer: it was deleted."""
        self._named.pop(experiment_id, None)
        for dataset, model in list(self._served.items()):
            if model.id == experiment_id:
                del self._served[dataset]
        self.refresh()

    def served(self) -> list[ServedModel]:
        """The best models, by data set."""
        return [model for _, model in sorted(self._served.items())]
