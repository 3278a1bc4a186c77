"""Pins: the models chosen to serve their dataset, even if others are better; one file per dataset."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pydantic import Field, ValidationError

from models_store.errors import Damaged, InvalidState, list_names
from models_store.files import lock_folder, sync_directory, write_atomic
from models_store.frozen import Frozen, utc_now

SERVING = "serving"


class Pin(Frozen):
    """The model of `experiment_id` serves `dataset` until the pin is removed, by its owner if it has one."""

    dataset: str
    experiment_id: str
    owner: str | None = None
    pinned_at: datetime = Field(default_factory=utc_now)


class Pins:
    """`<dataset>.json` in `folder`; the best model serves a dataset without one.

    Every change is made under the folder's lock, and replaces or removes one file. Safe for any number of threads,
    processes and machines; each sees a change at its next read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder. Raises OSError if it is not writable."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[str, Pin | Damaged]:
        """All pins by dataset; an error in place of one that does not parse."""
        pins: dict[str, Pin | Damaged] = {}
        for path in self.folder.glob("[!.]*.json"):
            try:
                pins[path.stem] = Pin.model_validate_json(path.read_bytes())
            except FileNotFoundError:
                continue
            except ValidationError:
                pins[path.stem] = Damaged(
                    f"the pin of {path.stem} does not parse, and the best model serves in its place; "
                    f"PUT /models/serving/{path.stem} writes a new one"
                )
        return pins

    @contextmanager
    def lock(self) -> Iterator[None]:
        """While pins are read, and one of them is written by what was read. Raises Busy."""
        with lock_folder(self.folder):
            yield

    def put(self, pin: Pin) -> Pin:
        """Raises Busy, StorageFull."""
        with self.lock():
            return self.write(pin)

    def write(self, pin: Pin) -> Pin:
        """Only under the lock. Raises StorageFull."""
        write_atomic(self._path(pin.dataset), pin.model_dump_json().encode())
        return pin

    def remove(self, dataset: str) -> None:
        """Also if it does not exist. Raises Busy."""
        with lock_folder(self.folder):
            self._unlink([dataset])

    def datasets_of(self, experiment_id: str) -> list[str]:
        """The datasets that this experiment is pinned to."""
        return [
            dataset
            for dataset, pin in sorted(self.read().items())
            if isinstance(pin, Pin) and pin.experiment_id == experiment_id
        ]

    def reject_serving(self, experiment_id: str, dataset: str, serving: bool) -> None:
        """Raises InvalidState if it is pinned, or serves its `dataset`, as the caller says."""
        if pinned := self.datasets_of(experiment_id):
            raise InvalidState(
                f"experiment {experiment_id} is pinned to serve {list_names(pinned)}: "
                f'PUT {{"policy": "best"}} to /models/serving/{pinned[0]} first, or delete with ?force=true'
            )
        if serving:
            raise InvalidState(
                f"experiment {experiment_id} serves predictions for {dataset}: "
                "train a better one first, or delete with ?force=true"
            )

    def remove_all(self, experiment_id: str) -> None:
        """Remove every pin of an experiment. Raises Busy."""
        with lock_folder(self.folder):
            self._unlink(self.datasets_of(experiment_id))

    def _path(self, dataset: str) -> Path:
        return self.folder / f"{dataset}.json"

    def _unlink(self, datasets: Iterable[str]) -> None:
        for dataset in datasets:
            self._path(dataset).unlink(missing_ok=True)
        sync_directory(self.folder)
