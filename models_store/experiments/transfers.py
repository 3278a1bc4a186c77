"""What an experiment takes from another one's published network: `model.weights_from`."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from models_store.artifacts import KERAS_FILE, PublishedFile, check_sizes, published_file
from models_store.errors import Damaged, InvalidState, NotFound
from models_store.experiments.record import Record, Status
from models_store.experiments.store import ExperimentStore
from models_store.files import lock_folder
from specs.dataset import Dataset
from specs.errors import SpecError
from specs.experiment import ExperimentSpec
from specs.problem import Problem, pointer_of
from specs.schema import FieldError
from specs.transfer import transferred_layers

_POINTER = pointer_of(("model", "weights_from"))


class Transfers:
    """What is taken is settled when an experiment is posted, while both specs are known, and stands in its record."""

    def __init__(self, experiments: ExperimentStore) -> None:
        self._experiments = experiments

    def transferred_layers(self, spec: ExperimentSpec, datasets: Mapping[str, Dataset]) -> dict[str, str]:
        """As `specs.transfer.transferred_layers`; empty where `spec` names no source. `datasets` are those that there
        are.

        Raises SpecError where the source is unknown, has not succeeded, is damaged, or has nothing to take.
        """
        source = spec.model.weights_from
        if source is None:
            return {}
        try:
            record = self._succeeded(source)
            self._file(record)
            return transferred_layers(spec.network, record.spec.parse(datasets).network)
        except (NotFound, InvalidState) as error:
            raise _rejected(source, str(error)) from error
        except Damaged as error:
            raise _rejected(source, f"experiment {source} is damaged: {error}") from error
        except SpecError as error:
            raise _rejected(source, f"the spec of experiment {source} is not valid any more: {error}") from error
        except FieldError as error:
            raise _rejected(
                source, f"no weights can be transferred from experiment {source}: {error.detail}"
            ) from error

    @contextmanager
    def kept(self, spec: ExperimentSpec, datasets: Mapping[str, Dataset]) -> Iterator[dict[str, str]]:
        """The same, and keep the source from being deleted while the experiment is written."""
        source = spec.model.weights_from
        with ExitStack() as held:
            if source is not None:
                with suppress(NotFound):  # which is said below, as a problem of the spec
                    held.enter_context(lock_folder(self._experiments.folder(source)))
            yield self.transferred_layers(spec, datasets)

    def file(self, source: str) -> PublishedFile:
        """The network that Keras can load. Raises NotFound, InvalidState if the experiment did not succeed, Damaged."""
        return self._file(self._succeeded(source))

    def _file(self, record: Record) -> PublishedFile:
        folder = self._experiments.artifacts(record.id)
        check_sizes(folder)  # the trainer compares the sum: it reads the file anyway
        return published_file(folder, KERAS_FILE)

    def _succeeded(self, source: str) -> Record:
        record = self._experiments.read(source)
        if record.status is not Status.SUCCEEDED:
            raise InvalidState(
                f"experiment {source} is {record.status}: only a succeeded one has weights to begin with"
            )
        return record


def _rejected(source: str, detail: str) -> SpecError:
    return SpecError([Problem(pointer=_POINTER, detail=detail, received=source)])
