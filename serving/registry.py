"""Which model serves each dataset: choosing, pinning and swapping."""

import logging
import threading
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Protocol

from models_store.errors import Damaged, StoreError, Unavailable
from models_store.events import ServingChange
from models_store.experiments.record import Record
from models_store.models.catalogue import ModelCatalogue
from models_store.models.pins import Pin
from models_store.models.promotions import Promotion, Reason
from models_store.models.rankings import Rankings
from models_store.visibility import seeing_everything
from serving.answering_model import AnsweringModel
from serving.current_model import CurrentModel
from serving.errors import NoModel, ServingError, UnknownDataset, WrongDataset
from serving.loaded_models import LoadedModels
from serving.rejected_models import RejectedModel, RejectedModels
from serving.served_model import ServedModel
from serving.status import ServingStatus, serving_statuses
from specs.dataset import Dataset, unknown_dataset

# The first load of a model also imports its engine.
_REFRESH_TIMEOUT_SECONDS = 5.0

log = logging.getLogger(__name__)


class KnownDatasets(Protocol):
    """All datasets, by name: `Store.known_datasets`."""

    def __call__(self) -> Mapping[str, Dataset]: ...


class Registry:
    """For each dataset with published models, the pinned one, or else the best one. A new model is loaded and checked
    beside the old one, then one reference is swapped, so that calls in flight end on the model they began with. A
    damaged model is rejected, and the old one keeps serving.
    """

    def __init__(self, catalogue: ModelCatalogue, known_datasets: KnownDatasets, loaded: LoadedModels) -> None:
        self._catalogue = catalogue
        self._rankings = Rankings(catalogue)
        self._known_datasets = known_datasets
        self._loaded = loaded
        self._current: dict[str, CurrentModel] = {}
        self._rejected = RejectedModels()
        self._refreshing = threading.Lock()
        self._announced: dict[str, ServingChange] = {}
        self._passed_over: set[str] = set()  # datasets of which a better model is rejected

    # -- choosing ----------------------------------------------------------------------------------------------------

    def refresh(self, timeout_seconds: float = 0.0) -> bool:
        """Serve the pinned models and the best of the others. Waits up to `timeout_seconds` for another thread that
        does so; False if that was too short. While Redis is away, too: then only pins are followed."""
        if not self._refreshing.acquire(timeout=timeout_seconds):
            return False
        try:
            with seeing_everything():
                self._choose()
            return True
        except Unavailable as error:
            log.warning("the best models are unknown: %s", error)
            return False
        finally:
            self._refreshing.release()

    def _choose(self) -> None:
        pins = self._catalogue.pins()
        self._passed_over.clear()
        settled = {dataset for dataset, pin in pins.items() if self._serve_pinned(dataset, pin)}
        # A model that serves a dataset without models was deleted, or is about to be.
        for dataset in sorted({*self._rankings.datasets(), *self._current} - settled):
            self._serve_best(dataset)
        pinned = {pin.experiment_id for pin in pins.values() if isinstance(pin, Pin)}
        self._rejected.retain(lambda each: each in pinned or self._catalogue.exists(each))
        self._announce(pins)

    def _serve_pinned(self, dataset: str, pin: Pin | Damaged) -> bool:
        """False if the best model is to serve: the pin is damaged, or its model, and none serves yet; or it is
        private."""
        if isinstance(pin, Damaged) or not self._catalogue.may_serve(dataset, pin.experiment_id):
            return False
        current = self._undeleted(dataset)
        if current is not None and current.record.id == pin.experiment_id:
            return True
        # If the pinned model cannot serve, the current one keeps serving.
        return self._try_serve(dataset, pin.experiment_id) or current is not None

    def _serve_best(self, dataset: str) -> None:
        current = self._undeleted(dataset)
        for each in self._rankings.ids(dataset):
            if (current is not None and each == current.record.id) or self._try_serve(dataset, each):
                return
            self._passed_over.add(dataset)
        # No published model can replace it: it keeps serving, unless it was deleted.
        if self._undeleted(dataset) is None:
            self._current.pop(dataset, None)

    def _undeleted(self, dataset: str) -> CurrentModel | None:
        """The model that serves, unless it was deleted, or has become private."""
        current = self._current.get(dataset)
        if current is None:
            return None
        # Before it is asked whether it exists: of a deleted one there is nothing to read.
        privacy = self._catalogue.model_privacy(current.record.id)
        if not self._catalogue.exists(current.record.id):
            return None
        current = self._current[dataset] = current.with_privacy(privacy)
        return current if self._catalogue.may_serve(dataset, current.record.id) else None

    def _try_serve(self, dataset: str, experiment_id: str) -> bool:
        if self._rejected.blocks(experiment_id):
            return False
        try:
            model = self._loaded.obtain(experiment_id)
        except StoreError as error:
            self._rejected.add(dataset, experiment_id, error)
            return False
        self._swap(dataset, model)
        return True

    def _swap(self, dataset: str, model: ServedModel) -> None:
        self._rejected.remove(model.id)
        self._current[dataset] = CurrentModel.of(model)
        log.info("%s is served by %s", dataset, model.id)

    def pin(
        self,
        dataset: str,
        experiment_id: str,
        owner: str | None = None,
        change: Callable[[Record], Record] = lambda record: record,
    ) -> None:
        """Have a model serve `dataset` even if others are better: here at once, and in other processes when they
        refresh. `change` makes what is written to its record along with it, and may raise; it is called while no other
        pin can be set. The model is read from disk, loaded and probed first. Raises NotFound, InvalidState if it has
        not succeeded or is of another dataset, Damaged, Unavailable; then nothing changes.
        """
        self._catalogue.check_pinnable(dataset, experiment_id)
        model = self._loaded.reload(experiment_id)
        with self._refreshing, seeing_everything():
            self._catalogue.pin(dataset, experiment_id, owner, change)
            self._swap(dataset, model)
            self._announce(self._catalogue.pins())

    def _announce(self, pins: Mapping[str, Pin | Damaged]) -> None:
        """Announce and record what serves each dataset where it is not what was announced last."""
        for dataset in sorted({*self._current, *self._announced, *pins}):
            current = self._current.get(dataset)
            change = ServingChange(
                dataset=dataset,
                experiment_id=current.record.id if current else None,
                policy="pinned" if dataset in pins else "best",
            )
            if self._announced.get(dataset) != change:
                # First: a client that hears of it finds it in the history.
                self._catalogue.record_promotion(self._promotion(dataset, pins.get(dataset)))
                self._catalogue.announce(change)
                self._announced[dataset] = change
        self._announced = {name: each for name, each in self._announced.items() if name in {*self._current, *pins}}

    def _promotion(self, dataset: str, pin: Pin | Damaged | None) -> Promotion:
        current, privacy = self._current.get(dataset), self._catalogue.privacy(dataset)
        kept = privacy._asdict() if privacy.private else {}
        if current is None:
            return Promotion(dataset=dataset, reason="none", experiment_id=None, **kept)
        model = AnsweringModel.of(self._catalogue.shown(current.record))
        return Promotion(reason=self._reason(dataset, current.record.id, pin), **dict(model), **kept)

    def _reason(self, dataset: str, experiment_id: str, pin: Pin | Damaged | None) -> Reason:
        if isinstance(pin, Pin) and pin.experiment_id == experiment_id:
            return "pinned"
        return "fallback" if pin is not None or dataset in self._passed_over else "best"

    def unpin(self, dataset: str) -> None:
        """Have the best model serve `dataset` again."""
        self._catalogue.unpin(dataset)
        self.refresh(_REFRESH_TIMEOUT_SECONDS)

    # -- answering ---------------------------------------------------------------------------------------------------

    def get_loaded(self, dataset: str | None, images: bool = True) -> ServedModel | None:
        """The model that `get` returns, if that needs neither disk nor Redis; else None."""
        current = self._current_for(dataset, images)
        return None if current is None else self._loaded.get(current.record.id)

    def get(self, dataset: str | None, experiment_id: str | None, images: bool = True) -> ServedModel:
        """The model of an experiment, or the one that serves a dataset, or the best of all that serve and take
        `images`, or else features.

        Raises NoModel, UnknownDataset, and for an experiment NotFound, InvalidState, Damaged, or WrongDataset if
        `dataset` is another one than it was trained on.
        """
        if experiment_id is not None:
            return self._check_dataset(self._get_named(experiment_id), dataset)
        model = self._obtain(dataset, images)
        if model is None:
            self.refresh(_REFRESH_TIMEOUT_SECONDS)
            model = self._obtain(dataset, images)
        if model is None:
            raise self._no_model(dataset, images)
        return model

    def _obtain(self, dataset: str | None, images: bool) -> ServedModel | None:
        """Load it again if others took its place in memory; reject it if it was damaged meanwhile."""
        while (current := self._current_for(dataset, images)) is not None:
            try:
                return self._loaded.obtain(current.record.id)
            except StoreError as error:
                self._rejected.add(current.record.dataset, current.record.id, error)
                self.forget(current.record.id)
        return None

    def _current_for(self, dataset: str | None, images: bool) -> CurrentModel | None:
        if dataset is not None:
            current = self._current.get(dataset)
            return current if current is not None and self._is_shown(current) else None
        serving = [each for each in self._public().values() if each.takes_images == images]
        return max(serving, key=attrgetter("rank"), default=None)

    def _public(self) -> dict[str, CurrentModel]:
        """Those that answer where no dataset is named, the same for all who ask."""
        public = {name: each for name, each in self._current.copy().items() if not each.record.private}
        return {name: each for name, each in public.items() if self._catalogue.is_shown(each.record.id)}

    def _shown(self) -> dict[str, CurrentModel]:
        """The models that serve, without those that are private to others."""
        return {name: each for name, each in self._current.copy().items() if self._is_shown(each)}

    def _is_shown(self, current: CurrentModel) -> bool:
        """By what was known of it as well: once it is deleted, disk hides nothing."""
        return current.record.privacy.is_shown and self._catalogue.is_shown(current.record.id)

    def _get_named(self, experiment_id: str) -> ServedModel:
        if not self._catalogue.is_shown(experiment_id):
            return self._loaded.reload(experiment_id)  # which raises what it raises for an unknown one
        if not self._catalogue.exists(experiment_id):
            self._loaded.discard(experiment_id)
        return self._loaded.obtain(experiment_id)

    def _check_dataset(self, model: ServedModel, dataset: str | None) -> ServedModel:
        if dataset is None or dataset == model.info.dataset:
            return model
        if dataset not in (known := self._known_datasets()):
            raise UnknownDataset(unknown_dataset(dataset, known))
        raise WrongDataset(
            f"experiment {model.id} was trained on {model.info.dataset}, not on {dataset}; leave out one of `dataset` "
            "and `experiment`"
        )

    def _no_model(self, dataset: str | None, images: bool) -> ServingError:
        if dataset is not None and dataset not in (known := self._known_datasets()):
            return UnknownDataset(unknown_dataset(dataset, known))
        wanted = f"for {dataset}" if dataset else "yet"
        if any(each.dataset == (dataset or each.dataset) for each in self._shown_rejected()):
            return NoModel(f"no model {wanted} is sound: GET /models lists what is wrong with each")
        experiment = "an experiment"
        if dataset is None and (public := self._public()):
            sent, taken = ("images", "numbers") if images else ("numbers", "images")
            wanted = f"that takes {sent} yet, and {sent} were sent; those of {', '.join(sorted(public))} take {taken}"
            experiment = f"an experiment on {'digits' if images else 'blobs'}"
        return NoModel(f"no model {wanted}: POST {experiment} to /experiments and wait until it has succeeded")

    # -- status ------------------------------------------------------------------------------------------------------

    def serving(self) -> dict[str, Record]:
        """The experiment that serves each dataset, in order of the datasets' names."""
        return {dataset: self._catalogue.shown(current.record) for dataset, current in sorted(self._shown().items())}

    def serving_labels(self) -> list[tuple[Record, tuple[str, ...]]]:
        """The same with their classes."""
        return [(current.record, current.labels) for _, current in sorted(self._shown().items())]

    def _shown_rejected(self) -> list[RejectedModel]:
        return [each for each in self._rejected.all() if self._catalogue.is_shown(each.experiment_id)]

    def is_serving(self, experiment_id: str) -> bool:
        return any(record.id == experiment_id for record in self.serving().values())

    def forget(self, experiment_id: str) -> None:
        """Stop serving a model that was deleted, or found to be damaged."""
        self._loaded.discard(experiment_id)
        for dataset, current in list(self._current.items()):
            if current.record.id == experiment_id:
                self._current.pop(dataset, None)
        self.refresh()

    def statuses(self) -> list[ServingStatus]:
        """What serves each dataset, and why, in order of their names."""
        return serving_statuses(self.serving(), self._catalogue.shown_pins(), self._shown_rejected())

    def status(self, dataset: str) -> ServingStatus:
        found = (each for each in self.statuses() if each.dataset == dataset)
        return next(found, ServingStatus(dataset, None, None, []))
