"""The store of evaluations of trained networks on other datasets."""

import logging
import os
import re
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError
from ulid import ULID

from models_store.datasets.store import DatasetStore
from models_store.errors import Busy, Damaged, InvalidState, Newer, NotFound, NotOwner
from models_store.evaluations.evaluation import CrossDatasetEvaluation, read_cross_dataset_evaluation
from models_store.evaluations.predictions import Predictions, read_predictions
from models_store.evaluations.record import EvaluationRecord, EvaluationStatus
from models_store.events import EvaluationChange
from models_store.experiments.fair_order import Waiting
from models_store.experiments.record import Status
from models_store.experiments.store import ExperimentStore
from models_store.files import lock_folder, remove_directory, remove_stale_temporaries, storage_errors, write_atomic
from models_store.jobs.queue import EVALUATION, Queue
from models_store.models.serving_info import read_serving_info
from models_store.visibility import UNSEEN
from specs.dataset import DATASETS, NAME_PATTERN
from specs.errors import SpecError
from specs.evaluation import EvaluationSpec, incompatibility
from specs.problem import Problem

EVALUATIONS = "evaluations"
RECORD_FILE = "record.json"
RESULT = "result"

log = logging.getLogger(__name__)


class EvaluationStore:
    """Evaluations on disk, each in the folder `evaluations/<dataset>` of its experiment; only the last one of each
    dataset is kept.

    Every change of a record is made under the lock of the experiment, so that a deletion comes before or after it.
    Unfinished ones have a mark in one folder under `root`, so that a sweep need not read all experiments: the mark is
    written before the record, and removed after the record says that the evaluation has ended. It has the owner of the
    request, who need not be that of the experiment. Safe for any number of threads, processes and machines that share
    `root`.
    """

    def __init__(self, root: Path, experiments: ExperimentStore, datasets: DatasetStore, queue: Queue) -> None:
        self._marks = root / EVALUATIONS
        self._experiments = experiments
        self._datasets = datasets
        self._queue = queue
        self._holdout = experiments.holdout

    def prepare(self) -> None:
        """Make the folders. Raises OSError if the store is not writable."""
        self._marks.mkdir(parents=True, exist_ok=True)

    def folder(self, experiment_id: str, dataset: str) -> Path:
        """The evaluation's folder, which need not exist. Raises NotFound if id or name is malformed."""
        if not re.fullmatch(NAME_PATTERN, dataset):
            raise NotFound(f"dataset {dataset[:50]!r} not found; GET /datasets lists all")
        folder = self.experiment_folder(experiment_id) / EVALUATIONS
        return folder / dataset if self._datasets.privacy(dataset).is_shown else folder / UNSEEN / dataset

    def experiment_folder(self, experiment_id: str) -> Path:
        """The folder whose lock is held for each change. Raises NotFound if the id is malformed."""
        return self._experiments.folder(experiment_id)

    # -- called by the API -----------------------------------------------------------------------------------------

    def add(
        self, experiment_id: str, spec: EvaluationSpec, owner: str | None = None, may_replace: bool = True
    ) -> EvaluationRecord:
        """Record it, in place of the last one on the same dataset, and send the message. After it returns, the
        evaluation will be done, even after a crash. An unfinished one on the same dataset and split is returned as it
        is; so is a finished one, unless the request `may_replace` it.

        Raises NotFound, InvalidState if the experiment has not succeeded or another split is being evaluated, NotOwner
        for another split than that of a finished one that must not be replaced, SpecError if network and dataset are
        incompatible, Damaged, StorageFull.
        """
        self._reject_misfit(experiment_id, spec)
        with self._datasets.keep(spec.dataset), lock_folder(self.experiment_folder(experiment_id)):
            self._experiments.read(experiment_id)
            record = self._new_record(experiment_id, spec)
            known = self._underway(record) or (None if may_replace else self._finished(record))
            if known is not None:
                return self._holdout.shown_evaluation(known)
            with storage_errors(f"the evaluation on {spec.dataset}"):
                folder = self.folder(experiment_id, spec.dataset)
                folder.mkdir(parents=True, exist_ok=True)
                write_atomic(self._mark(experiment_id, spec.dataset), (owner or "").encode())
                self.write(record)
            if (folder / RESULT).exists():
                remove_directory(folder / RESULT)
        self._queue.enqueue(EVALUATION, experiment_id, spec.dataset)
        return record

    def _reject_misfit(self, experiment_id: str, spec: EvaluationSpec) -> None:
        experiment = self._experiments.get(experiment_id)
        if experiment.status is not Status.SUCCEEDED:
            raise InvalidState(
                f"experiment {experiment_id} is {experiment.status}: only a succeeded one has a network to evaluate"
            )
        info = read_serving_info(self._experiments.artifacts(experiment_id))
        if spec.dataset == experiment.dataset:
            detail: str | None = (
                f"{spec.dataset} is what the network was trained on; GET /experiments/{experiment_id}/evaluation says "
                "how it does on the training, validation and test split"
            )
        else:
            detail = incompatibility(spec.facts, info.labels, info.takes_images)
        if detail:
            raise SpecError([Problem(pointer="/dataset", detail=detail, received=spec.dataset)])

    def _new_record(self, experiment_id: str, spec: EvaluationSpec) -> EvaluationRecord:
        return EvaluationRecord(
            id=str(ULID()),
            experiment_id=experiment_id,
            dataset=spec.dataset,
            dataset_id=self.dataset_id(spec.dataset),
            split=spec.split,
            prep=spec.prep,
        )

    def _underway(self, wanted: EvaluationRecord) -> EvaluationRecord | None:
        try:
            record = self.read(wanted.experiment_id, wanted.dataset)
        except Newer:
            raise
        except (NotFound, Damaged):
            return None
        if record.has_ended:
            return None
        if (record.split, record.prep, record.dataset_id) != (wanted.split, wanted.prep, wanted.dataset_id):
            raise InvalidState(
                f"the evaluation of {record.dataset}, prep {record.prep}, split {record.split}, is {record.status}; "
                "wait for its end, then ask for another one"
            )
        return record

    def _finished(self, wanted: EvaluationRecord) -> EvaluationRecord | None:
        """Raises NotOwner if it is another one."""
        try:
            record = self.read(wanted.experiment_id, wanted.dataset)
        except (NotFound, Damaged):
            return None
        if record.status is not EvaluationStatus.SUCCEEDED:
            return None
        if (record.split, record.prep, record.dataset_id) != (wanted.split, wanted.prep, wanted.dataset_id):
            raise NotOwner(
                f"experiment {wanted.experiment_id} was evaluated on {record.dataset}, prep {record.prep}, split "
                f"{record.split}; only its owner and admins replace that by another evaluation"
            )
        return record

    def get(self, experiment_id: str, dataset: str) -> EvaluationRecord:
        """The record; in place of a damaged or newer one, one that says so. Raises NotFound."""
        try:
            return self._holdout.shown_evaluation(self.read(experiment_id, dataset))
        except Damaged as error:
            return EvaluationRecord(
                id="",
                experiment_id=experiment_id,
                dataset=dataset,
                dataset_id=None,
                split="all",
                status=EvaluationStatus.NEWER if isinstance(error, Newer) else EvaluationStatus.FAILED,
                error=str(error) if isinstance(error, Newer) else f"{error}; post it again",
            )

    def records(self, experiment_id: str) -> list[EvaluationRecord]:
        """Of one experiment, sorted by dataset. Raises NotFound."""
        found = []
        for path in sorted((self._experiments.existing_folder(experiment_id) / EVALUATIONS).glob("[!.]*")):
            with suppress(NotFound):
                found.append(self.get(experiment_id, path.name))
        return found

    def evaluation(self, experiment_id: str, dataset: str) -> CrossDatasetEvaluation:
        """The metrics. Raises NotFound before it has succeeded, ResultsHidden, Damaged."""
        return read_cross_dataset_evaluation(self._published_folder(experiment_id, dataset))

    def predictions(self, experiment_id: str, dataset: str) -> Predictions:
        """Of the network. Raises NotFound before it has succeeded, ResultsHidden, Damaged."""
        return read_predictions(self._published_folder(experiment_id, dataset), self.get(experiment_id, dataset).split)

    def _published_folder(self, experiment_id: str, dataset: str) -> Path:
        record = self.get(experiment_id, dataset)
        if record.status is not EvaluationStatus.SUCCEEDED:
            raise NotFound(
                f"the evaluation of experiment {experiment_id} on {dataset} is {record.status}: it has no metrics"
            )
        self._holdout.check(dataset, record.split)
        if record.split in ("test", "all"):
            self._holdout.peeks.add(dataset, experiment_id)
        return self.folder(experiment_id, dataset) / RESULT

    # -- the record on disk ----------------------------------------------------------------------------------------

    def read(self, experiment_id: str, dataset: str) -> EvaluationRecord:
        """The record on disk. Raises NotFound, Damaged."""
        folder = self.folder(experiment_id, dataset)
        try:
            data = (folder / RECORD_FILE).read_bytes()
        except FileNotFoundError as error:
            self._experiments.existing_folder(experiment_id)
            raise NotFound(
                f"experiment {experiment_id} was not evaluated on {dataset}; "
                f"POST /experiments/{experiment_id}/evaluations to evaluate it"
            ) from error
        try:
            return EvaluationRecord.model_validate_json(data)
        except ValidationError as error:
            raise Damaged(f"the record of the evaluation of {experiment_id} on {dataset} does not parse") from error

    def write(self, record: EvaluationRecord) -> EvaluationRecord:
        """Write a changed record. Only under the experiment's lock."""
        path = self.folder(record.experiment_id, record.dataset) / RECORD_FILE
        write_atomic(path, record.model_dump_json().encode())
        change = EvaluationChange.model_validate(record, from_attributes=True)
        private_to = (
            self._datasets.privacy(record.dataset).private_to
            or self._experiments.privacy(record.experiment_id).private_to
        )
        self._experiments.events.add("evaluation", change, record.experiment_id, private_to)
        return record

    def dataset_id(self, dataset: str) -> str | None:
        """Of the upload that has the name now; None for a built-in dataset. Raises NotFound."""
        return None if dataset in DATASETS else self._datasets.get(dataset).id

    # -- what has not ended ----------------------------------------------------------------------------------------

    def unfinished(self) -> set[tuple[str, str]]:
        """Experiment and dataset of all that have not ended, and perhaps of some that have."""
        names = (each.name.partition(".") for each in self._marked())
        return {(experiment_id, dataset) for experiment_id, _, dataset in names}

    def waiting(self) -> list[Waiting]:
        """All that have not ended, and perhaps some that have, by the time at which they were asked for."""
        found = []
        for each in self._marked():
            with suppress(FileNotFoundError):
                found.append(Waiting(each.name, each.stat().st_mtime, each.read_text()))
        return found

    def _marked(self) -> list[Path]:
        with os.scandir(self._marks) as entries:
            return [Path(each.path) for each in entries if not each.name.startswith(".")]

    def clear_temporaries(self) -> None:
        """Remove what killed writers of marks left behind."""
        remove_stale_temporaries(self._marks)

    def owner(self, experiment_id: str, dataset: str) -> str | None:
        """Of the request for one that has not ended; None for nobody's."""
        with suppress(FileNotFoundError):
            return self._mark(experiment_id, dataset).read_text() or None
        return None

    def unmark(self, experiment_id: str, dataset: str) -> None:
        """Only under the experiment's lock, once the record on disk says that it has ended."""
        self._mark(experiment_id, dataset).unlink(missing_ok=True)

    def unmark_ended(self, experiment_id: str, dataset: str) -> None:
        """Remove the mark if the evaluation has ended or is gone; where somebody changes it just now, not yet."""
        try:
            with lock_folder(self.experiment_folder(experiment_id), 0):
                if self._has_ended(experiment_id, dataset):
                    self.unmark(experiment_id, dataset)
        except NotFound:
            self.unmark(experiment_id, dataset)
        except Busy:
            return

    def _has_ended(self, experiment_id: str, dataset: str) -> bool:
        try:
            return self.read(experiment_id, dataset).has_ended
        except Newer:
            return False  # a newer worker has it
        except (NotFound, Damaged):
            return True

    def _mark(self, experiment_id: str, dataset: str) -> Path:
        return self._marks / f"{experiment_id}.{dataset}"
