"""Which model serves each dataset, and the swap from one to the next."""

import logging
import threading
from collections.abc import Mapping
from typing import ClassVar, NamedTuple, Protocol

from models_store.errors import Damaged, StoreError, Unavailable
from models_store.experiments.record import Record
from models_store.models.catalogue import ModelCatalogue, ranking_key
from models_store.models.pins import Pin
from serving.loaded_models import LoadedModels
from serving.rejected_models import Rejections
from serving.served_model import ServedModel
from serving.status import Standing, standings
from specs.dataset import Dataset, unknown_dataset

# The first load of a model takes the import of its engine with it.
_PATIENCE_SECONDS = 5.0

log = logging.getLogger(__name__)


class NoModel(Exception):
    """Nothing has been trained yet that could answer."""

    kind: ClassVar[str] = "unavailable"


class UnknownDataset(Exception):
    """No dataset has that name."""

    kind: ClassVar[str] = "invalid"


class KnownDatasets(Protocol):
    """All datasets that there are now, by name: `Store.known_datasets`."""

    def __call__(self) -> Mapping[str, Dataset]: ...


class Chosen(NamedTuple):
    """The model that answers for a dataset."""

    record: Record
    takes_images: bool


class Registry:
    """For each dataset that models were published of, the one that is pinned, or else the best one. A new one is
    loaded and checked beside the old one, then one reference is swapped, so that calls in flight end on the model they
    began with. One that is damaged is rejected and the old one goes on.
    """

    def __init__(self, catalogue: ModelCatalogue, known_datasets: KnownDatasets, loaded: LoadedModels) -> None:
        self._catalogue = catalogue
        self._known_datasets = known_datasets
        self._loaded = loaded
        self._chosen: dict[str, Chosen] = {}
        self._rejections = Rejections()
        self._refreshing = threading.Lock()

    # -- choosing ----------------------------------------------------------------------------------------------------

    def refresh(self, patience_seconds: float = 0.0) -> None:
        """Serve what is pinned, and the best models that there are now. Another thread that does so is waited for,
        `patience_seconds` at most. While Redis is away only pins are followed, and all else stays as it is."""
        if not self._refreshing.acquire(timeout=patience_seconds):
            return
        try:
            pins = self._catalogue.pins()
            settled = {dataset for dataset, pin in pins.items() if self._serve_pinned(dataset, pin)}
            # What is served of a dataset without models any more was deleted, or is about to be.
            for dataset in sorted({*self._catalogue.datasets(), *self._chosen} - settled):
                self._serve_best(dataset)
            pinned = {pin.experiment_id for pin in pins.values() if isinstance(pin, Pin)}
            self._rejections.keep(lambda each: each in pinned or self._catalogue.is_kept(each))
        except Unavailable as error:
            log.warning("which models are best is not known: %s", error)
        finally:
            self._refreshing.release()

    def _serve_pinned(self, dataset: str, pin: Pin | Damaged) -> bool:
        """False if the best model is to serve, because the pin is damaged, or its model, and none serves yet."""
        if isinstance(pin, Damaged):
            return False
        current = self._current(dataset)
        if current is not None and current.record.id == pin.experiment_id:
            return True
        # One that serves already goes on where the pinned one cannot.
        return self._choose(dataset, pin.experiment_id) or current is not None

    def _serve_best(self, dataset: str) -> None:
        current = self._chosen.get(dataset)
        for record in self._catalogue.ranked(dataset):
            if (current is not None and record.id == current.record.id) or self._choose(dataset, record.id):
                return
        # Nothing that is published can take its place: it goes on, unless it was deleted.
        if self._current(dataset) is None:
            self._chosen.pop(dataset, None)

    def _current(self, dataset: str) -> Chosen | None:
        """What serves and has not been deleted."""
        current = self._chosen.get(dataset)
        return current if current is not None and self._catalogue.is_kept(current.record.id) else None

    def _choose(self, dataset: str, experiment_id: str) -> bool:
        if self._rejections.hold(experiment_id):
            return False
        try:
            model = self._loaded.obtain(experiment_id)
        except StoreError as error:
            self._rejections.add(dataset, experiment_id, error)
            return False
        self._swap(dataset, model)
        return True

    def _swap(self, dataset: str, model: ServedModel) -> None:
        self._rejections.withdraw(model.id)
        self._chosen[dataset] = Chosen(model.record, model.info.takes_images)
        log.info("%s is served by %s", dataset, model.id)

    def pin(self, dataset: str, experiment_id: str) -> None:
        """Have a model serve `dataset`, whatever is better: here at once, and in other processes when they refresh.

        It is read from disk, loaded and probed before. Raises NotFound, InvalidState if it has not succeeded or is of
        another dataset, Damaged, Unavailable; then all stays as it was.
        """
        self._catalogue.check_pinnable(dataset, experiment_id)
        model = self._loaded.load(experiment_id)
        with self._refreshing:
            self._catalogue.pin(dataset, experiment_id)
            self._swap(dataset, model)

    def unpin(self, dataset: str) -> None:
        """Have the best model serve `dataset` again."""
        self._catalogue.unpin(dataset)
        self.refresh(_PATIENCE_SECONDS)

    # -- answering ---------------------------------------------------------------------------------------------------

    def at_hand(self, dataset: str | None, images: bool = True) -> ServedModel | None:
        """What `get` returns where that takes neither disk nor Redis; else None."""
        chosen = self._chosen_for(dataset, images)
        return None if chosen is None else self._loaded.get(chosen.record.id)

    def get(self, dataset: str | None, experiment_id: str | None, images: bool = True) -> ServedModel:
        """The model of a named experiment, or the one that serves a dataset, or the best of all that serve and take
        what was sent: `images`, or else features.

        Raises NoModel if there is none, UnknownDataset, and NotFound, InvalidState or Damaged for a named experiment.
        """
        if experiment_id is not None:
            return self._named(experiment_id)
        model = self._answering(dataset, images)
        if model is None:
            self.refresh(_PATIENCE_SECONDS)
            model = self._answering(dataset, images)
        if model is None:
            raise self._none_for(dataset)
        return model

    def _answering(self, dataset: str | None, images: bool) -> ServedModel | None:
        """Loaded again where others have taken its room; what is damaged since then is rejected."""
        while (chosen := self._chosen_for(dataset, images)) is not None:
            try:
                return self._loaded.obtain(chosen.record.id)
            except StoreError as error:
                self._rejections.add(chosen.record.dataset, chosen.record.id, error)
                self.forget(chosen.record.id)
        return None

    def _chosen_for(self, dataset: str | None, images: bool) -> Chosen | None:
        if dataset is not None:
            return self._chosen.get(dataset)
        serving = [chosen for chosen in list(self._chosen.values()) if chosen.takes_images == images]
        return max(serving, key=lambda chosen: ranking_key(chosen.record), default=None)

    def _named(self, experiment_id: str) -> ServedModel:
        if not self._catalogue.is_kept(experiment_id):
            self._loaded.discard(experiment_id)
        return self._loaded.obtain(experiment_id)

    def _none_for(self, dataset: str | None) -> Exception:
        if dataset is not None and dataset not in (known := self._known_datasets()):
            return UnknownDataset(unknown_dataset(dataset, known))
        wanted = f"for {dataset}" if dataset else "yet"
        if any(rejection.dataset == (dataset or rejection.dataset) for rejection in self._rejections.all()):
            return NoModel(f"no model {wanted} is sound: GET /models says what is wrong with those that there are")
        return NoModel(f"no model {wanted}: POST an experiment to /experiments and wait until it has succeeded")

    # -- telling -----------------------------------------------------------------------------------------------------

    def serving(self) -> dict[str, Record]:
        """By dataset, in order of their names, whose model answers for it."""
        return {dataset: chosen.record for dataset, chosen in sorted(self._chosen.copy().items())}

    def is_serving(self, experiment_id: str) -> bool:
        return any(record.id == experiment_id for record in self.serving().values())

    def forget(self, experiment_id: str) -> None:
        """Serve it no longer: it was deleted, or found to be damaged."""
        self._loaded.discard(experiment_id)
        for dataset, chosen in list(self._chosen.items()):
            if chosen.record.id == experiment_id:
                self._chosen.pop(dataset, None)
        self.refresh()

    def standings(self) -> list[Standing]:
        """What serves each dataset, and why, in order of their names."""
        return standings(self.serving(), self._catalogue.pins(), self._rejections.all())

    def standing(self, dataset: str) -> Standing:
        """The same of one dataset."""
        found = (each for each in self.standings() if each.dataset == dataset)
        return next(found, Standing(dataset, None, None, []))
