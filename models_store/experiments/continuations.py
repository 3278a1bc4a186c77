"""Experiments that continue another one: the training state that they start from."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from models_store.errors import Damaged, InvalidState, NotFound
from models_store.experiments.checkpoints import CheckpointFile, training_state
from models_store.experiments.folders import ATTEMPTS
from models_store.experiments.record import Record
from models_store.experiments.store import ExperimentStore
from models_store.files import lock_folder
from specs.continuation import continuation_problems, continued_document
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.experiment import ExperimentSpec
from specs.problem import Problem, received_value

_POINTER = "/continue_from"


class Continuations:
    """The new experiment has the state as its own from the moment that it exists."""

    def __init__(self, experiments: ExperimentStore) -> None:
        self._experiments = experiments

    def document(self, posted: dict[str, Any]) -> dict[str, Any]:
        """`posted`, if it continues an experiment with what it leaves out as it was there. Raises SpecError if that is
        unknown or damaged."""
        source = posted.get("continue_from")
        if not isinstance(source, str):
            return posted
        return continued_document(self._read(source).spec.document, source, posted)

    def state(self, spec: ExperimentSpec, datasets: Mapping[str, Dataset]) -> CheckpointFile | None:
        """The state to start from; None if `spec` continues nothing. `datasets` are the facts of all datasets, by name.

        Raises SpecError if the source is unknown, damaged, has not ended, or has no state, or if it differs in more
        than what may change.
        """
        if spec.continue_from is None:
            return None
        record = self._read(spec.continue_from)
        if not record.status.is_terminal:
            raise _error(record.id, f"experiment {record.id} is {record.status}; only ended ones can be continued")
        state = training_state(self._experiments.folder(record.id) / ATTEMPTS)
        if state is None:
            raise _error(
                record.id,
                f"the training state of experiment {record.id} was not kept (see `training.keep_state`) or was "
                "removed; start from its weights with `model.weights_from` instead, or train it again",
            )
        try:
            source = record.spec.parse(datasets)
        except SpecError as error:
            raise _error(record.id, f"the spec of experiment {record.id} is no longer valid: {error}") from error
        if problems := continuation_problems(spec, source, state.epoch):
            raise SpecError(problems)
        return state

    @contextmanager
    def keep(self, spec: ExperimentSpec, datasets: Mapping[str, Dataset]) -> Iterator[CheckpointFile | None]:
        """The same, and keep it from being removed within the block."""
        source = spec.continue_from
        if source is not None:
            self._read(source)
        with nullcontext() if source is None else lock_folder(self._experiments.folder(source)):
            yield self.state(spec, datasets)

    def remove_state(self, experiment_id: str, check: Callable[[Record], None] = lambda _: None) -> None:
        """Of an experiment that has ended; it need not have any. `check` is given its record, under the lock, and may
        raise. Raises NotFound, InvalidState."""
        with self._experiments.lock(experiment_id) as record:
            check(record)
            if not record.status.is_terminal:
                raise InvalidState(f"experiment {experiment_id} is {record.status} and needs its training state")
            shutil.rmtree(self._experiments.folder(experiment_id) / ATTEMPTS, ignore_errors=True)

    def _read(self, source: str) -> Record:
        try:
            return self._experiments.read(source)
        except (NotFound, Damaged) as error:
            raise _error(source, str(error)) from error


def _error(source: str, detail: str) -> SpecError:
    return SpecError([Problem(pointer=_POINTER, detail=detail, received=received_value(source))])
