"""The spec in a record: the document as it was posted, and a typed view of what the service reads from it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError, field_validator

from models_store.errors import Damaged
from specs.dataset import Dataset
from specs.experiment import ExperimentSpec, parse_spec
from specs.training import DeviceClass, EarlyStopping, TrainingSpec


class _View(BaseModel):
    """Fields that a spec of any version has; all others are ignored. Missing ones are as in a damaged record."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredAddition(_View):
    name: str


class StoredSplit(_View):
    test: float | str | None = None


class StoredDataset(_View):
    name: str | None = None
    blobs: dict[str, Any] | None = None
    classes: tuple[str, ...] | None = None
    add: tuple[StoredAddition, ...] = ()
    split: StoredSplit = StoredSplit()

    @property
    def task(self) -> "StoredDataset":
        """What the experiment is about: accuracies of equal tasks can be compared. Samples that are added to the
        training split do not change it."""
        return self.model_copy(update={"add": (), "split": StoredSplit()})

    @property
    def added_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.add)


class StoredModel(_View):
    preset: str | None = None
    weights_from: str | None = None


class StoredSchedule(_View):
    """A learning rate that is not constant."""

    type: str
    staircase: bool = False


class StoredOptimizer(_View):
    learning_rate: float | StoredSchedule | None = None


class StoredEarlyStopping(_View):
    monitor: str = EarlyStopping().monitor


class StoredTraining(_View):
    epochs: int | None = None
    keep: str = TrainingSpec().keep
    keep_state: bool | str = TrainingSpec().keep_state
    early_stopping: StoredEarlyStopping | None = None
    max_minutes: float = TrainingSpec().max_minutes
    seed: int = TrainingSpec().seed
    deterministic: bool = TrainingSpec().deterministic
    device: DeviceClass | None = TrainingSpec().device
    devices: int = TrainingSpec().devices
    optimizer: StoredOptimizer = StoredOptimizer()

    @property
    def deciding_metric(self) -> str:
        """As in `TrainingSpec`."""
        return self.early_stopping.monitor if self.early_stopping else TrainingSpec().deciding_metric


class _Spec(_View):
    notes: str = ""
    continue_from: str | None = None
    dataset: StoredDataset = StoredDataset()
    model: StoredModel = StoredModel()
    training: StoredTraining = StoredTraining()


class StoredSpec(RootModel[dict[str, Any]]):
    """Its JSON is the document. Only what is read is parsed, so that lists of records stay cheap; a spec that is no
    longer valid, or whose dataset was deleted, can still be listed and shown. Empty if the record is damaged.

    Properties raise Damaged if the document has another type where they look.
    """

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={"description": "An ExperimentSpec as it was posted; empty if the record is damaged."},
    )

    @field_validator("root")
    @classmethod
    def _name_kept_epoch(cls, document: dict[str, Any]) -> dict[str, Any]:
        """Until version 0.2 the last epoch was published, unless early stopping restored the best one."""
        training = document.get("training")
        if not isinstance(training, dict) or "keep" in training:
            return document
        stopping = training.get("early_stopping")
        restores = isinstance(stopping, dict) and stopping.get("restore_best_weights") is not False
        return {**document, "training": {**training, "keep": "best" if restores else "last"}}

    @classmethod
    def of(cls, spec: ExperimentSpec) -> Self:
        return cls(spec.document())

    def __bool__(self) -> bool:
        return bool(self.root)

    @property
    def document(self) -> dict[str, Any]:
        """As plain JSON values; `parse_spec` of it gives the spec again."""
        return self.root

    @property
    def notes(self) -> str:
        return self._view.notes

    @property
    def continue_from(self) -> str | None:
        return self._view.continue_from

    @property
    def dataset(self) -> StoredDataset:
        return self._view.dataset

    @property
    def model(self) -> StoredModel:
        return self._view.model

    @property
    def training(self) -> StoredTraining:
        return self._view.training

    @cached_property
    def _view(self) -> _Spec:
        try:
            return _Spec.model_validate(self.root)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise Damaged(f"the stored spec does not parse: {where}: {first['msg']}") from error

    def parse(self, datasets: Mapping[str, Dataset]) -> ExperimentSpec:
        """The whole spec. `datasets` are the facts of all datasets, by name. Raises SpecError if it is no longer
        valid: its dataset was deleted, or the rules have changed."""
        return parse_spec(self.root, datasets)
