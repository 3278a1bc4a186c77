"""Published networks: the best of each dataset, and their files."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from models_store import artifacts
from models_store.connection import require_redis
from models_store.datasets.store import DatasetStore
from models_store.errors import Damaged, InvalidState, StoreError, Unavailable
from models_store.events import ServingChange
from models_store.experiments.index_entries import is_of_whole_dataset, validation_metric
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.models.pins import Pin
from models_store.models.promotions import Promotion, Promotions
from models_store.models.serving_info import ServingInfo, read_serving_info
from models_store.visibility import Privacy, sees_everything
from models_store.webhooks.notices import promotion_notice
from specs.dataset import CORRECTIONS_SUFFIX

# How late predictions may follow another process in hiding test metrics: a stat for each takes a twentieth of its time.
_HIDDEN_SECONDS = 0.1
log = logging.getLogger(__name__)


class PublishedModel(NamedTuple):
    """A network's ONNX file and its serving info, both verified by sha256. `record` has the test metrics even if they
    are not to be shown: then `is_test_hidden` says so, at any later time."""

    record: Record
    onnx: bytes
    info: ServingInfo
    is_test_hidden: Callable[[], bool]


class ModelCatalogue:
    """The best model has the highest validation accuracy; ties are broken by the lower validation loss. Only models of
    one task are ranked so: those of the whole dataset come first, then those of some of its classes or of other blobs,
    task by task, the one with most classes first, and of equal ones the one that was trained last.

    The test split is for reporting only and never decides. A private model serves nobody but those who ask for it by
    its id; on a dataset that is private to the same owner it is ranked.
    """

    def __init__(self, experiments: ExperimentStore, datasets: DatasetStore) -> None:
        self._experiments = experiments
        self._datasets = datasets
        outbox = experiments.webhooks.outbox
        shown = experiments.holdout.shown_promotion
        self._promotions = Promotions(
            experiments.pins.folder, lambda promotion: outbox.announcing(lambda: promotion_notice(shown(promotion)))
        )

    def version(self) -> str:
        """Another one after any change of the view of a model. Raises Unavailable."""
        with require_redis():
            return self._experiments.index.models_version()

    def datasets(self) -> list[str]:
        """The names of datasets with models. Raises Unavailable while the index is unreachable or being rebuilt."""
        with require_redis():
            self._experiments.index.require_complete()
            return self._experiments.index.model_datasets()

    def ranking(self, dataset: str) -> list[Record]:
        """The models of `dataset`, best first. Raises Unavailable while the index is unreachable or being rebuilt."""
        with require_redis():
            self._experiments.index.require_complete()
            privacy = self._datasets.privacy(dataset)
            found = self._experiments.index.best_models(dataset, privacy.private_to)
            return _by_task([each for each in found if _fits(each.privacy, privacy)])

    def best(self, datasets: Iterable[str]) -> Record | None:
        """The best model of `datasets`, or None. Raises Unavailable if Redis cannot be reached."""
        leaders = [ranked[0] for dataset in datasets if (ranked := self.ranking(dataset))]
        return max(leaders, key=ranking_key, default=None)

    def exists(self, experiment_id: str) -> bool:
        """False once the experiment has been deleted."""
        return self._experiments.folder(experiment_id).is_dir()

    def may_serve(self, dataset: str, experiment_id: str) -> bool:
        """Whether all who see the dataset see the model."""
        return _fits(self._experiments.privacy(experiment_id), self._datasets.privacy(dataset))

    def is_shown(self, experiment_id: str | None) -> bool:
        """False for those to whom it is private."""
        if sees_everything() or experiment_id is None:
            return True
        return self._experiments.privacy(experiment_id).is_shown

    def model_privacy(self, experiment_id: str) -> Privacy:
        """On disk; of a deleted one, that of what is not private."""
        return self._experiments.privacy(experiment_id)

    def privacy(self, dataset: str) -> Privacy:
        return self._datasets.privacy(dataset)

    def load(self, experiment_id: str) -> PublishedModel:
        """Read and verify a published network. Raises NotFound, InvalidState if the experiment has not succeeded,
        Damaged, Unavailable if the disk fails."""
        with self.open_published(experiment_id) as (record, folder):
            return PublishedModel(
                self._experiments.get_whole(record.id),
                artifacts.read_verified(folder, artifacts.ONNX_FILE),
                read_serving_info(folder),
                lambda: self._experiments.holdout.hidden.is_hidden(record.dataset, _HIDDEN_SECONDS),
            )

    @contextmanager
    def open_published(self, experiment_id: str) -> Iterator[tuple[Record, Path]]:
        """The record and the folder of the result, for reading within the block. Raises as `load`."""
        record = self._experiments.get(experiment_id)
        if record.status is not Status.SUCCEEDED:
            raise InvalidState(f"experiment {experiment_id} is {record.status}: only a succeeded one can predict")
        try:
            yield record, self._experiments.artifacts(experiment_id)
        except OSError as error:
            raise Unavailable(
                f"the model of {experiment_id} cannot be read: {error}; see to the store's disk"
            ) from error

    def shown(self, record: Record) -> Record:
        """A record that was read before, as it is shown now."""
        return self._experiments.holdout.shown(record)

    def announce(self, change: ServingChange) -> None:
        """Announce which model serves a dataset, unless another process has done so."""
        private_to = self._datasets.privacy(change.dataset).private_to
        self._experiments.events.add_changed("serving", change.dataset, change, private_to)

    # -- promotions ------------------------------------------------------------------------------------------------

    def promotions(self, dataset: str | None = None) -> list[Promotion]:
        """Which models have served `dataset`, or all datasets, the oldest first. From disk."""
        found = self._promotions.read_all() if dataset is None else self._promotions.read(dataset)
        return [self._experiments.holdout.shown_promotion(each) for each in found if self._is_promotion_shown(each)]

    def _is_promotion_shown(self, promotion: Promotion) -> bool:
        """By what is private now, and by what was then: the dataset may have been deleted."""
        was_shown = promotion.privacy.is_shown and self.is_shown(promotion.experiment_id)
        return was_shown and self._datasets.privacy(promotion.dataset).is_shown

    def record_promotion(self, promotion: Promotion) -> None:
        """Add it to the history, unless another process has done so. If it cannot be written it is only logged: a
        model must not wait for that."""
        try:
            self._promotions.add(promotion)
        except (StoreError, OSError) as error:
            log.warning("that %s serves %s is not recorded: %s", promotion.experiment_id, promotion.dataset, error)

    # -- pins ------------------------------------------------------------------------------------------------------

    def pins(self) -> dict[str, Pin | Damaged]:
        """The pins by dataset; an error in place of one that does not parse. From disk."""
        return self._experiments.pins.read()

    def shown_pins(self) -> dict[str, Pin | Damaged]:
        """Those of datasets and models that are not private to others; damaged ones, too."""

        def is_shown(dataset: str, pin: Pin | Damaged) -> bool:
            pinned = pin.experiment_id if isinstance(pin, Pin) else None
            return self.privacy(dataset).is_shown and self.is_shown(pinned)

        return {dataset: pin for dataset, pin in self.pins().items() if is_shown(dataset, pin)}

    def check_pinnable(self, dataset: str, experiment_id: str) -> None:
        """Raises NotFound, or InvalidState unless it has succeeded, on `dataset`, and all who see that see it."""
        self._reject_unpinnable(dataset, self._experiments.get(experiment_id))

    def pin(
        self,
        dataset: str,
        experiment_id: str,
        owner: str | None = None,
        change: Callable[[Record], Record] = lambda record: record,
    ) -> Pin:
        """Let it serve `dataset` until `unpin`, in every process and across restarts. The caller has loaded and probed
        it. `change` makes what is written to the record along with it, and may raise: until the end no other pin is
        set. Raises as `check_pinnable`, Damaged, Busy."""
        # Under its lock: a deletion comes before, or finds the pin.
        with self._experiments.lock(experiment_id) as record:
            self._reject_unpinnable(dataset, record)
            with self._experiments.pins.lock():
                changed = change(record)
                pin = self._experiments.pins.write(Pin(dataset=dataset, experiment_id=experiment_id, owner=owner))
            if changed is not record:
                self._experiments.write(changed)
            return pin

    def unpin(self, dataset: str) -> None:
        """Let the best model serve `dataset` again. Raises Busy."""
        self._experiments.pins.remove(dataset)

    def _reject_unpinnable(self, dataset: str, record: Record) -> None:
        if record.status is not Status.SUCCEEDED:
            raise InvalidState(f"experiment {record.id} is {record.status}: only a succeeded one can serve")
        if record.dataset != dataset:
            raise InvalidState(
                f"experiment {record.id} was trained on {record.dataset}, so it cannot serve {dataset}; "
                f"GET /experiments?dataset={dataset}&status=succeeded lists those that can, and "
                f"`dataset: {{name: {dataset}, add: [{record.dataset}]}}` trains one on both"
            )
        if not self.may_serve(dataset, record.id):
            raise InvalidState(
                f"experiment {record.id} is private, and {dataset} is not: it cannot serve others; PATCH "
                f'{{"private": false}} to /experiments/{record.id} first, or ask it by its id: '
                f"POST /predict?experiment={record.id}"
            )


def _by_task(ranked: Sequence[Record]) -> list[Record]:
    """`ranked` by accuracy; those of each task keep their order."""
    tasks: dict[str, list[Record]] = {}
    for record in ranked:
        tasks.setdefault(record.spec.dataset.task.model_dump_json(), []).append(record)
    return [record for task in sorted(tasks.values(), key=_task_rank, reverse=True) for record in task]


def _task_rank(models: Sequence[Record]) -> tuple[bool, int, str]:
    dataset = models[0].spec.dataset
    classes = len(dataset.classes or ()) or (dataset.blobs or {}).get("centers", 0)
    return is_of_whole_dataset(models[0]), classes, max(each.id for each in models)


def ranking_key(record: Record) -> tuple[bool, bool, float]:
    """Sort key for models of different datasets. Models of corrections, which are few and not representative, rank
    after all others."""
    is_of_corrections = record.dataset.endswith(CORRECTIONS_SUFFIX)
    return is_of_whole_dataset(record), not is_of_corrections, validation_metric(record, "val_accuracy") or 0.0


def _fits(model: Privacy, dataset: Privacy) -> bool:
    return not model.private or model == dataset
