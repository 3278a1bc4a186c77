"""Transfer learning: the weights that an experiment takes from another one's published network."""

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
    """Which layers are transferred is decided when an experiment is posted, and written to its record."""

    def __init__(self, experiments: ExperimentStore) -> None:
        self._experiments = experiments

    def transferred_layers(self, spec: ExperimentSpec, datasets: Mapping[str, Dataset]) -> dict[str, str]:
        """As `specs.transfer.transferred_layers`; empty if `spec` names no source. `datasets` are the facts of all
        datasets, by name.

        Raises SpecError if the source is unknown, has not succeeded, is damaged, or has no matching layers.
        """
        source = spec.model.weights_from
        if source is None:
            return {}
        try:
            record = self._read_succeeded(source)
            self._file(record)
            return transferred_layers(spec.network, record.spec.parse(datasets).network)
        except (NotFound, InvalidState) as error:
            raise _spec_error(source, str(error)) from error
        except Damaged as error:
            raise _spec_error(source, f"experiment {source} is damaged: {error}") from error
        except SpecError as error:
            raise _spec_error(source, f"the spec of experiment {source} is no longer valid: {error}") from error
        except FieldError as error:
            raise _spec_error(
                source, f"no weights can be transferred from experiment {source}: {error.detail}"
            ) from error

    @contextmanager
    def keep(self, spec: ExperimentSpec, datasets: Mapping[str, Dataset]) -> Iterator[dict[str, str]]:
        """The same, and keep the source from being deleted within the block."""
        source = spec.model.weights_from
        with ExitStack() as held:
            if source is not None:
                with suppress(NotFound):  # reported below, as a problem of the spec
                    held.enter_context(lock_folder(self._experiments.folder(source)))
            yield self.transferred_layers(spec, datasets)

    def file(self, source: str) -> PublishedFile:
        """The Keras file. Raises NotFound, InvalidState if the experiment has not succeeded, Damaged."""
        return self._file(self._read_succeeded(source))

    def _file(self, record: Record) -> PublishedFile:
        folder = self._experiments.artifacts(record.id)
        check_sizes(folder)  # the trainer, which reads the file, compares the sha256
        return published_file(folder, KERAS_FILE)

    def _read_succeeded(self, source: str) -> Record:
        record = self._experiments.read(source)
        if record.status is not Status.SUCCEEDED:
            raise InvalidState(
                f"experiment {source} is {record.status}; only succeeded experiments have weights to start with"
            )
        return record


def _spec_error(source: str, detail: str) -> SpecError:
    return SpecError([Problem(pointer=_POINTER, detail=detail, received=source)])
