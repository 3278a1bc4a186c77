"""The models that are being served, and the swap from one to the next."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

from api.serving.served_model import ServedModel
from models_store.errors import StoreError, Unavailable
from models_store.models import ModelCatalogue, merit
from models_store.records import Record
from specs.dataset import Dataset, unknown_dataset

_NAMED_KEPT = 4
# The first load of a model takes the import of its engine with it.
_PATIENCE_SECONDS = 5.0

log = logging.getLogger(__name__)


class NoModel(Exception):
    """Nothing has been trained yet that could answer."""


class UnknownDataset(Exception):
    """There is no data set of that name."""


class KnownDatasets(Protocol):
    """All data sets that there are now, by name: `Store.known_datasets`."""

    def __call__(self) -> Mapping[str, Dataset]: ...


class Registry:
    """For each data set that models were published of, the best one. A new one is loaded and checked beside the old
    one, then one reference is swapped, so that calls in flight end on the model they began with. One that is damaged
    is refused and the old one goes on.
    """

    def __init__(self, catalogue: ModelCatalogue, known_datasets: KnownDatasets, threads: int) -> None:
        self._catalogue = catalogue
        self._known_datasets = known_datasets
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
            # What is served of a data set without models any more was deleted, or is about to be.
            for dataset in sorted({*self._catalogue.datasets(), *self._served}):
                self._refresh(dataset, self._catalogue.ranked(dataset))
        except Unavailable as error:
            log.warning("which models are best is not known: %s", error)
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

    def get(self, dataset: str | None, experiment_id: str | None, pictures: bool = True) -> ServedModel:
        """The model of a named experiment, or the best of a data set, or the best of all that take what was sent:
        `pictures`, or else features.

        Raises NoModel if there is none, UnknownDataset, and NotFound, InvalidState or Damaged for a named experiment.
        """
        if experiment_id is not None:
            return self._get_named(experiment_id)
        model = self._best(dataset, pictures)
        if model is None:
            self.refresh(_PATIENCE_SECONDS)
            model = self._best(dataset, pictures)
        if model is None:
            raise self._none_for(dataset)
        return model

    def _none_for(self, dataset: str | None) -> Exception:
        if dataset is not None and dataset not in (known := self._known_datasets()):
            return UnknownDataset(unknown_dataset(dataset, known))
        wanted = f"for {dataset}" if dataset else "yet"
        return NoModel(f"no model {wanted}: POST an experiment to /experiments and wait until it has succeeded")

    def _best(self, dataset: str | None, pictures: bool) -> ServedModel | None:
        if dataset is not None:
            return self._served.get(dataset)
        served = [model for model in list(self._served.values()) if model.info.takes_pictures == pictures]
        return max(served, key=lambda model: merit(model.record), default=None)

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
